"""A SignalR hub at /hub. A client that says nothing for 10 s is dropped."""

import json
import os
import sys
import threading

from aiohttp import web
from aiosignalr.server import Hub, ServerOptions, SignalRServer, aiohttp_server


class Chat(Hub):
    async def echo(self, text: str) -> str:
        return text


class TextSocket(aiohttp_server._AiohttpSocket):
    """Sends JSON in text frames, as ASP.NET does. aiosignalr sends binary ones, which the client of ASP.NET refuses."""

    async def send_bytes(self, data: bytes) -> None:
        await self._ws.send_str(data.decode())


aiohttp_server._AiohttpSocket = TextSocket
OPTIONS = ServerOptions(keep_alive_interval=2.5, client_timeout_interval=10.0)
server = SignalRServer(Chat, options=OPTIONS)


def count():
    for _ in sys.stdin:
        print(json.dumps({"clients": len(server.lifetime.connections)}), flush=True)
    # It ends with whoever started it.
    os._exit(0)


threading.Thread(target=count, daemon=True).start()
app = aiohttp_server.build_aiohttp_app(server)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), backlog=1024, print=None)
