"""A WebSocket echo server: each message comes back as it was."""

import asyncio
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def echo(websocket):
    try:
        async for message in websocket:
            await websocket.send(message)
    except ConnectionClosed:
        pass


async def main(port):
    async with serve(echo, "127.0.0.1", port, backlog=1024) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
