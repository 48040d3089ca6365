"""
A TCP server that forgets what its clients closed:

    leaky.py PORT sockets EACH    its end of one connection in EACH stays open
    leaky.py PORT files           a file it opened for each connection stays open
    leaky.py PORT memory BYTES    so many bytes of memory stay, for each connection
    leaky.py PORT cache BYTES     so many bytes stay, and the next connection takes them
"""
import mmap
import os
import resource
import selectors
import socket
import sys

port, what, number = int(sys.argv[1]), sys.argv[2], int((sys.argv[3:] or ["1"])[0])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
PAGE = 4096
forgotten, free, closed = [], [], 0
selector = selectors.EpollSelector()


def held():
    """Of its own mapping, so that no allocator keeps it or gives it to somebody else."""
    memory = mmap.mmap(-1, number, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, number, PAGE):
        memory[at] = 1
    return memory


def accept(listener):
    connection, _ = listener.accept()
    connection.setblocking(False)
    if what == "files":
        forgotten.append(os.open("/dev/null", os.O_RDONLY))
    elif what == "memory":
        forgotten.append(held())
    kept = (free.pop() if free else held()) if what == "cache" else None
    selector.register(connection, selectors.EVENT_READ, kept)


def read(connection, kept):
    global closed
    try:
        if connection.recv(4096):
            return
    except BlockingIOError:
        return
    except OSError:
        pass
    selector.unregister(connection)
    closed += 1
    if kept is not None:
        free.append(kept)
    if what == "sockets" and closed % number == 0:
        forgotten.append(connection)
    else:
        connection.close()


listener = socket.create_server(("127.0.0.1", port), backlog=4096)
selector.register(listener, selectors.EVENT_READ)
print("listening", flush=True)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            accept(listener)
        else:
            read(key.fileobj, key.data)
