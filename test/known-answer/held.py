"""A TCP server that holds exactly BYTES touched bytes for each connection: held.py PORT BYTES

Prints "listening" when it does. They are cut out of slabs: an object of its own costs more than it holds, and as much
more as the allocator thinks fit. A slab's pages aren't there before they are written to.
"""

import asyncio
import mmap
import socket
import sys

SLAB_BYTES = 16 << 20
# asyncio makes a task for each connection that it accepts in one go. With thousands of them at once it is a matter of
# luck how much the tasks leave behind.
ACCEPTED_AT_ONCE = 16

port, size = int(sys.argv[1]), int(sys.argv[2])
touched = b"\1" * size
slabs = []
used = 0
# Pieces that are held no longer, to be held again: those that were touched last first.
free = []
pieces = 0


def hold():
    global used, pieces
    if free:
        return free.pop()
    if not slabs or used + size > SLAB_BYTES:
        slabs.append(mmap.mmap(-1, SLAB_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        used = 0
    slabs[-1][used : used + size] = touched
    used += size
    pieces += 1
    return pieces


class Held(asyncio.Protocol):
    __slots__ = ("piece",)

    def connection_made(self, transport):
        self.piece = hold()

    def connection_lost(self, error):
        free.append(self.piece)


async def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = await asyncio.get_running_loop().create_server(Held, sock=listener, backlog=ACCEPTED_AT_ONCE)
    listener.listen(4096)
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
