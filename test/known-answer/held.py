"""A TCP server that holds exactly BYTES touched bytes for each connection: held.py PORT BYTES

BYTES may be several, as in 0@0,1024@500: connections beyond so many open ones hold so much. Prints "listening" when it
does. With TLS_CERT and TLS_KEY it speaks TLS. They are cut out of slabs: an object of its own costs more than it holds, and as much
more as the allocator thinks fit. A slab's pages aren't there before they are written to.
"""

import asyncio
import mmap
import os
import socket
import ssl
import sys

SLAB_BYTES = 16 << 20
# asyncio makes a task for each connection that it accepts in one go. With thousands of them at once it is a matter of
# luck how much the tasks leave behind.
ACCEPTED_AT_ONCE = 16


class Stair:
    def __init__(self, words):
        size, _, start = words.partition("@")
        self.size, self.start = int(size), int(start or 0)
        self.touched = b"\1" * self.size
        # Pieces that are held no longer, to be held again: those that were touched last first.
        self.free = []


port, stairs = int(sys.argv[1]), [Stair(words) for words in sys.argv[2].split(",")]
slabs = []
used = 0
pieces = 0
opened = 0


def hold(stair):
    global used, pieces
    if stair.free:
        return stair.free.pop()
    if not slabs or used + stair.size > SLAB_BYTES:
        slabs.append(mmap.mmap(-1, SLAB_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        used = 0
    slabs[-1][used : used + stair.size] = stair.touched
    used += stair.size
    pieces += 1
    return pieces


class Held(asyncio.Protocol):
    __slots__ = ("piece", "stair")

    def connection_made(self, transport):
        global opened
        opened += 1
        self.stair = [stair for stair in stairs if opened > stair.start][-1]
        self.piece = hold(self.stair)

    def connection_lost(self, error):
        global opened
        opened -= 1
        self.stair.free.append(self.piece)


def secured():
    if "TLS_CERT" not in os.environ:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    return context


async def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = await asyncio.get_running_loop().create_server(
        Held, sock=listener, backlog=ACCEPTED_AT_ONCE, ssl=secured()
    )
    listener.listen(4096)
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
