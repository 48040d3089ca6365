"""An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time."""

import sys
from urllib.parse import parse_qs

import uvicorn

from work import burn, steps_per_ms

PER_MS = steps_per_ms()


async def app(scope, receive, send):
    status, text = answer(scope["method"], scope["path"], scope["query_string"].decode())
    body = text.encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answer(method, path, query):
    if (method, path) == ("GET", "/"):
        return 200, "hello"
    if (method, path) == ("GET", "/work"):
        ms = parse_qs(query).get("ms", [""])[0]
        if not (ms.isdecimal() and len(ms) <= 4):
            return 400, "say how long: /work?ms=5"
        burn(int(ms) * PER_MS)
        return 200, "done"
    return 404, "not found"


uvicorn.run(
    app,
    host="127.0.0.1",
    port=int(sys.argv[1]),
    lifespan="off",
    log_level="warning",
    # Connections may rest between requests.
    timeout_keep_alive=86_400,
)
