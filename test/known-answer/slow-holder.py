"""A server that holds a known number of bytes in user space for each client that doesn't read, and may then close it.

    slow-holder.py PORT HELD_BYTES CLOSE TRUTH_FILE [EVERY_SECONDS]

It sends 4 KiB to everybody, ten times a second unless said. What a socket doesn't take is held, up to HELD_BYTES; with CLOSE = close the client is
reset once that is reached. Into TRUTH_FILE goes what it knows: clients whose bound is reached, bytes held for them, bytes in their
send queues by SIOCOUTQ, clients it has reset, and when it reset the first, the middle and the last one (seconds since 1970).
"""
import errno
import fcntl
import json
import os
import select
import socket
import struct
import sys
import termios
import time

PORT, HELD_BYTES, CLOSES, TRUTH = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "close", sys.argv[4]
PIECE = 4096
EVERY_SECONDS = float(sys.argv[5]) if len(sys.argv) > 5 else 0.1

listener = socket.create_server(("127.0.0.1", PORT), backlog=4096)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
listener.setblocking(False)
poller = select.epoll()
poller.register(listener.fileno(), select.EPOLLIN)
clients = {}
held = {}
closed_at = []
best = None


def drop(fd, resets=False):
    client = clients.pop(fd)
    held.pop(fd, None)
    poller.unregister(fd)
    if resets:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def send(fd, piece):
    """How many of the bytes the socket took; -1: it is gone."""
    try:
        return clients[fd].send(piece)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            return 0
        drop(fd)
        return -1


def push(fd):
    pieces = held.get(fd)
    while pieces:
        sent = send(fd, pieces[0])
        if sent < 0:
            return
        if sent < len(pieces[0]):
            pieces[0] = pieces[0][sent:]
            break
        pieces.pop(0)
    if not pieces:
        piece = b"x" * PIECE
        sent = send(fd, piece)
        if 0 <= sent < PIECE:
            held[fd] = [piece[sent:]]
    fill(fd)


def fill(fd):
    pieces = held.get(fd)
    if not pieces:
        return
    missing = HELD_BYTES - sum(map(len, pieces))
    while missing > 0:
        pieces.append(b"x" * min(PIECE, missing))
        missing -= PIECE
    if CLOSES:
        closed_at.append(time.time())
        drop(fd, resets=True)


def queued(fd):
    return struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, b"\0\0\0\0"))[0]


def tell():
    global best
    truth = {"clients": len(held), "heldBytes": sum(sum(map(len, pieces)) for pieces in held.values()), "closed": len(closed_at)}
    truth["queuedBytes"] = sum(queued(fd) for fd in held)
    truth["closedAt"] = [closed_at[i] for i in (0, (len(closed_at) - 1) // 2, -1)] if closed_at else []
    most = lambda one: (one["closed"], one["heldBytes"], one["queuedBytes"])
    if best is None or most(truth) >= most(best):
        best = truth
        with open(TRUTH + ".new", "w") as file:
            json.dump(best, file)
        os.replace(TRUTH + ".new", TRUTH)


due = time.monotonic()
while True:
    for fd, mask in poller.poll(max(0, due - time.monotonic())):
        if fd == listener.fileno():
            try:
                while True:
                    client, _ = listener.accept()
                    client.setblocking(False)
                    clients[client.fileno()] = client
                    poller.register(client.fileno(), select.EPOLLIN)
            except BlockingIOError:
                pass
        elif fd in clients:
            try:
                if clients[fd].recv(65536) == b"":
                    drop(fd)
            except BlockingIOError:
                pass
            except OSError:
                drop(fd)
    if time.monotonic() >= due:
        for fd in list(clients):
            if fd in clients:
                push(fd)
        tell()
        due = time.monotonic() + EVERY_SECONDS
