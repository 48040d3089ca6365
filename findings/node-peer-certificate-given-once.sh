#!/usr/bin/env bash
# tls.TLSSocket.getPeerX509Certificate() of Node.js takes the certificate out of the connection that it asks: a client gets it once.
#
# Versions:  Node.js 20.20.2 and 24.21.0; 26.10.0 no longer does.
# Behaviour: A client connects to a server whose certificate vouches for itself, and asks twice who it is. The first answer is the
#            certificate, the second is undefined. It is the same with a server that sends a chain.
# Seen:      `first CN=localhost, second undefined`. 26.10.0 answers CN=localhost twice.
# Matters:   Code that looks at a certificate to judge it, and again to write down its key, finds that the server has none. Ask
#            once for each connection, and keep the answer.
set -euo pipefail
command -v openssl > /dev/null || { echo 'needs openssl' >&2; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" node@24.21.0 > /dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1 \
  -keyout "$folder/key.pem" -out "$folder/cert.pem" 2> /dev/null
cat > "$folder/ask.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:tls';

const read = (name) => readFileSync(new URL(name, import.meta.url));
const server = createServer({ cert: read('cert.pem'), key: read('key.pem') }, (socket) => socket.resume());
server.listen(0, '127.0.0.1', () => {
  const socket = connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.on('secureConnect', () => {
    const [first, second] = [socket.getPeerX509Certificate(), socket.getPeerX509Certificate()];
    console.log(`Node.js ${process.version}: first ${first?.subject}, second ${second?.subject}`);
    process.exitCode = first !== undefined && second === undefined ? 0 : 1;
    socket.destroy();
    server.close();
  });
});
JS
"$folder/node_modules/node/bin/node" "$folder/ask.mjs"
