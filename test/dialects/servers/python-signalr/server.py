"""A SignalR hub at /hub. A client that says nothing for 5 s is dropped."""

import asyncio
import json
import sys
import threading

from aiohttp import web
from aiosignalr.server import Hub, ServerOptions, SignalRServer
from aiosignalr.server.aiohttp_server import build_aiohttp_app

class Chat(Hub):
    """Nobody calls a method here."""


OPTIONS = ServerOptions(keep_alive_interval=2.5, client_timeout_interval=5.0)
server = SignalRServer(Chat, options=OPTIONS)


def count():
    for _ in sys.stdin:
        print(json.dumps({"clients": len(server.lifetime.connections)}), flush=True)


threading.Thread(target=count, daemon=True).start()
web.run_app(build_aiohttp_app(server), host="127.0.0.1", port=int(sys.argv[1]), backlog=1024, print=None)
