#!/usr/bin/env bash
# A WebSocket on which nothing is ever said costs uvicorn three to five times as much when its client offered compression.
#
# Versions:  uvicorn 0.54.0 and websockets 17.4 (PyPI), Python 3.11 or newer with venv, Linux.
# Behaviour: 400 clients open a WebSocket and say nothing. Browsers offer permessage-deflate always, and most programs don't. uvicorn
#            agrees to it by default, and both zlib contexts are made during the handshake: small ones (windows of 12 bits)
#            with its own choice of protocol, of zlib's usual size with --ws websockets. With wsproto an offer costs nothing yet.
# Seen:      resident for each connection: 19 KB without an offer, 53 KB with it; --ws websockets 26 KB and 119 KB (Python 3.11.7,
#            3.12.1 and 3.13.0, Linux 6.18).
# Matters:   A load generator that doesn't offer what browsers offer finds room for three to five times as many connections.
#            --ws-per-message-deflate false takes the difference away.
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
cat > "$folder/silent.py" <<'PY'
async def app(scope, receive, send):
    assert scope['type'] == 'websocket'
    await receive()
    await send({'type': 'websocket.accept'})
    while (await receive())['type'] != 'websocket.disconnect':
        pass
PY
cat > "$folder/measure.py" <<'PY'
import re, socket, sys, time

CLIENTS = 400
path, pid, offers = sys.argv[1], sys.argv[2], sys.argv[3] == 'offers'
offer = b'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' if offers else b''
request = (
    b'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
    b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' + offer + b'\r\n'
)


def opened():
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.sendall(request)
    answer = client.recv(4096)
    assert answer.startswith(b'HTTP/1.1 101'), answer
    assert (b'permessage-deflate' in answer) == offers, answer
    return client


def resident_bytes():
    time.sleep(1)
    with open(f'/proc/{pid}/smaps_rollup') as text:
        return int(re.search(r'Pss_Anon:\s+(\d+)', text.read())[1]) * 1024


warm_up = [opened() for _ in range(50)]
before = resident_bytes()
held = [opened() for _ in range(CLIENTS)]
print(round((resident_bytes() - before) / CLIENTS))
PY
costs() { # costs OFFER [--ws PROTOCOL]
  local offer=$1
  shift
  rm -f "$folder/socket"
  (cd "$folder" && exec venv/bin/python -m uvicorn silent:app --uds "$folder/socket" --lifespan off --log-level warning "$@") > "$folder/log" 2>&1 &
  server=$!
  disown
  for _ in $(seq 300); do [ -S "$folder/socket" ] && break; sleep 0.1; done
  sleep 1
  cost=$(timeout 60 "$folder/venv/bin/python" "$folder/measure.py" "$folder/socket" "$server" "$offer")
  kill -KILL "$server"
  server=''
}
costs nothing && plain=$cost
costs offers && offered=$cost
costs nothing --ws websockets && plain_full=$cost
costs offers --ws websockets && offered_full=$cost
echo "a silent connection: $plain B without an offer, $offered B with it; --ws websockets: $plain_full B and $offered_full B"
[ $((offered - plain)) -gt 25000 ] && [ "$offered" -gt $((plain * 2)) ] && [ "$offered_full" -gt $((plain_full * 3)) ] || { echo 'changed: expected three to five times as much with an offer'; exit 1; }
