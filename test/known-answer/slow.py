"""A WebSocket server that takes its time: slow.py PORT BYTES MILLISECONDS

Each handshake is answered that long after it was asked for; from then on its connection holds exactly BYTES touched bytes.
Prints "listening" when it does.
"""

import asyncio
import base64
import hashlib
import re
import sys

port, size, delay = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) / 1000
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = re.compile(rb"sec-websocket-key: *(\S+)", re.IGNORECASE)
# A bytes object has a head of its own; with it, it is as large as was asked for.
head = sys.getsizeof(b"")
loop = asyncio.new_event_loop()


class Slow(asyncio.Protocol):
    __slots__ = ("block", "transport", "came")

    def connection_made(self, transport):
        self.block = self.came = None
        self.transport = transport

    def data_received(self, data):
        if self.came is False:
            # The closing handshake: whatever else comes, this server has nothing to say.
            self.transport.close()
            return
        self.came = (self.came or b"") + data
        key = KEY.search(self.came)
        if key and b"\r\n\r\n" in self.came:
            self.came = False
            loop.call_later(delay, self.answer, key[1])

    def answer(self, key):
        if self.transport.is_closing():
            return
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        lines = (b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Accept: " + accept)
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n")
        self.block = b"\1" * (size - head) if size else None

    def connection_lost(self, error):
        self.block = self.transport = None


server = loop.run_until_complete(loop.create_server(Slow, "127.0.0.1", port, backlog=4096))
print("listening", flush=True)
loop.run_forever()
