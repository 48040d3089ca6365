#!/usr/bin/env bash
# uvicorn's ping timeout does not let go of a WebSocket that has stopped reading while something is queued for it.
#
# Versions:  uvicorn 0.54.0 and websockets 17.4 (PyPI), Python 3.11 or newer with venv, Linux.
# Behaviour: Two clients open a WebSocket and read nothing any more, so they answer no ping. To one the server has sent nothing. To the
#            other it has sent more than the kernel takes. With pings each second and a second to answer, uvicorn has dropped the first
#            after 2 s, and still holds the second after 20 s. Both timed out: the second is closed by transport.close(), which waits
#            for the transport's buffer to be empty, however long that takes. (transport.abort() would not wait.)
# Seen:      after 20 s: nothing queued gone, something queued held (Python 3.11.7, uvloop not installed, Linux 6.18).
# Matters:   Pings are there to find peers that are gone. Those that cost memory, since messages are queued for them, are those that stay:
#            a slow reader until it reads, a vanished one until the kernel gives up, some 15 minutes.
set -euo pipefail
python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { echo 'needs Python 3.11 or newer with venv: apt-get install python3-venv' >&2; exit 2; }

folder=$(mktemp -d)
server=''
cleanup() {
  [ -z "$server" ] || kill -KILL "$server" 2> /dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 websockets==17.4
cat > "$folder/sends.py" <<'PY'
import asyncio

async def app(scope, receive, send):
    if scope['type'] != 'websocket':
        return
    await receive()
    await send({'type': 'websocket.accept'})
    for _ in range(1024 if scope['path'] == '/queued' else 0):
        await send({'type': 'websocket.send', 'bytes': bytes(65536)})
    while (await receive())['type'] != 'websocket.disconnect':
        pass
PY
cat > "$folder/measure.py" <<'PY'
import os, socket, sys, time

path, pid = sys.argv[1], sys.argv[2]

def opened(where):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.sendall(
        b'GET ' + where + b' HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
        b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
    )
    assert client.recv(12) == b'HTTP/1.1 101'
    return client

def sockets():
    links = [f'/proc/{pid}/fd/{fd}' for fd in os.listdir(f'/proc/{pid}/fd')]
    return sum(os.readlink(link).startswith('socket:') for link in links if os.path.islink(link))

for name, where in (('nothing queued', b'/silent'), ('something queued', b'/queued')):
    before = sockets()
    client = opened(where)
    started = time.monotonic()
    assert sockets() == before + 1
    while sockets() > before and time.monotonic() < started + 20:
        time.sleep(0.1)
    print(f"{name} {'held' if sockets() > before else 'gone'}", flush=True)
    client.close()
PY
(cd "$folder" && exec venv/bin/python -m uvicorn sends:app --uds "$folder/socket" --log-level warning --ws-ping-interval 1 --ws-ping-timeout 1) &
server=$!
disown
for _ in $(seq 300); do [ -S "$folder/socket" ] && break; sleep 0.1; done
seen=$(timeout 60 "$folder/venv/bin/python" "$folder/measure.py" "$folder/socket" "$server")
echo "$seen"
[ "$seen" = $'nothing queued gone\nsomething queued held' ] || { echo 'changed: expected the one gone, and the other held'; exit 1; }
