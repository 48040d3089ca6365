"""A TCP server that holds exactly BYTES touched bytes for each connection: held.py PORT BYTES [leak=N]

leak: each closed connection leaves N bytes behind. Prints "listening" when it does.
"""

import asyncio
import sys

port, size = int(sys.argv[1]), int(sys.argv[2])
leak = next((int(word[5:]) for word in sys.argv[3:] if word.startswith("leak=")), 0)
left_behind = []
# A bytes object has a head of its own; with it, it is as large as was asked for.
head = sys.getsizeof(b"")


class Held(asyncio.Protocol):
    __slots__ = ("block",)

    def connection_made(self, transport):
        self.block = b"\1" * (size - head) if size else None

    def connection_lost(self, error):
        self.block = None
        if leak:
            left_behind.append(b"\1" * (leak - head))


async def main():
    server = await asyncio.get_running_loop().create_server(Held, "127.0.0.1", port, backlog=4096)
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
