"""Event streams with a plain ASGI app: each begins at once, and says nothing until there is news."""

import os
import sys

import uvicorn

HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


uvicorn.run(
    app,
    host="127.0.0.1",
    port=int(sys.argv[1]),
    lifespan="off",
    log_level="warning",
    # Streams have no end of their own to wait for.
    timeout_graceful_shutdown=1,
    ssl_certfile=os.environ.get("TLS_CERT"),
    ssl_keyfile=os.environ.get("TLS_KEY"),
)
