#!/usr/bin/env bash
# Python's asyncio keeps a read buffer of 256 KiB for each TLS connection, all of it memory in use, while the connection rests.
#
# Versions:  Python 3.11.7 (asyncio/sslproto.py as it is from 3.11 on), glibc 2.36, Linux.
# Behaviour: A server by asyncio holds connections that have shaken hands and say nothing. SSLProtocol makes a bytearray of
#            `max_size`, 256 KiB, for each, which sets all of it to zero: so all of it is there.
# Seen:      anonymous memory for each of 300 connections: 1 KiB over plain TCP, 277 KiB over TLS (Linux 6.18, amd64).
# Matters:   10,000 connections take 2.8 GiB, though none of them says anything. It is so for `websockets`, uvicorn and aiohttp, which
#            use asyncio's TLS. A proxy in front that ends TLS takes a tenth of it.
set -euo pipefail
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'needs Python 3.11 or newer' >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 2> /dev/null
cat > server.py <<'PY'
import asyncio, ssl, sys

async def main():
    context = None
    if sys.argv[1] == "tls":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain("cert.pem", "key.pem")
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
PY
cat > client.py <<'PY'
import re, socket, ssl, subprocess, sys, time

COUNT = 300
context = ssl.create_default_context(cafile="cert.pem")
context.check_hostname = False

def memory(server):
    time.sleep(1)
    return int(re.search(r"Pss_Anon:\s+(\d+)", open(f"/proc/{server.pid}/smaps_rollup").read())[1])

def climb(server, port):
    held = []
    for _ in range(COUNT):
        one = socket.create_connection(("127.0.0.1", port))
        held.append(context.wrap_socket(one) if sys.argv[1] == "tls" else one)
    return held

server = subprocess.Popen([sys.executable, "server.py", sys.argv[1]], stdout=subprocess.PIPE, text=True)
port = int(server.stdout.readline())
empty = memory(server)
held = climb(server, port)
print((memory(server) - empty) // COUNT)
server.kill()
PY
plain=$(timeout 50 python3 client.py plain)
secured=$(timeout 50 python3 client.py tls)
echo "KiB for each connection: $plain over plain TCP, $secured over TLS"
[ "$plain" -lt 20 ] && [ "$secured" -gt 200 ] || { echo 'changed: expected next to nothing over TCP, and over 200 KiB over TLS'; exit 1; }
