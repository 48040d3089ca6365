"""A WebSocket echo server: each message comes back as it was. Over TLS where it is given a certificate."""

import asyncio
import os
import ssl
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def echo(websocket):
    try:
        async for message in websocket:
            await websocket.send(message)
    except ConnectionClosed:
        pass


def secured():
    if "TLS_CERT" not in os.environ:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    return context


async def main(port):
    async with serve(echo, "127.0.0.1", port, backlog=1024, ssl=secured()) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
