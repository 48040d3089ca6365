#!/usr/bin/env bash
# A server in Node.js takes a peer that reads a long answer steadily for one that is idle, over TLS alone.
#
# Versions:  Node.js 20.20.2 and 26.10.0 (npm package `node`).
# Behaviour: A server gives a socket 64 MiB by one write, and ends it when nothing has happened for 2 s (socket.setTimeout).
#            The peer reads 256 KiB each 40 ms and never pauses. Over TCP the timer starts anew while it reads: it gets all of it.
#            Over TLS nothing starts it anew within one write: the peer is cut off after a few seconds.
# Seen:      both versions: TCP 64 MiB of 64 MiB, TLS 7 to 10 MiB of 64 MiB (Linux 6.18).
# Matters:   Slow readers that are measured over TCP stay, and go over TLS. A time-out for idle peers has to be longer than
#            the longest answer takes, or the answer has to be written in pieces.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -keyout "$folder/key.pem" -out "$folder/cert.pem" 2> /dev/null
cat > "$folder/measure.cjs" <<'JS'
const { readFileSync } = require('node:fs');
const net = require('node:net');
const tls = require('node:tls');
const [, , how, folder] = process.argv;
const MIB = 2 ** 20;
const ANSWER = Buffer.alloc(64 * MIB);
const READ_BYTES = 256 * 1024;
const READ_EVERY_MS = 40;
const IDLE_MS = 2000;
const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(`${folder}/${name}`));

function answer(socket) {
  socket.on('error', () => {});
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.end(ANSWER);
}

const server = how === 'tls' ? tls.createServer({ cert, key }, answer) : net.createServer(answer);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const to = { port, host: '127.0.0.1', highWaterMark: READ_BYTES };
  const peer = how === 'tls' ? tls.connect({ ...to, ca: cert, servername: 'localhost' }) : net.connect(to);
  let got = 0;
  peer.on('error', () => {}).on('close', () => {
    console.log(Math.round(got / MIB));
    process.exit(0);
  });
  peer.on('data', (bytes) => {
    got += bytes.length;
    // A rate, not a pause: what came too early is made up for by waiting.
    peer.pause();
    setTimeout(() => peer.resume(), (bytes.length / READ_BYTES) * READ_EVERY_MS);
  });
});
JS
fails=0
for version in 20.20.2 26.10.0; do
  npm install --silent --no-audit --no-fund --prefix "$folder/$version" "node@$version" > /dev/null
  node="$folder/$version/node_modules/node/bin/node"
  tcp=$(timeout 90 "$node" "$folder/measure.cjs" tcp "$folder")
  tls=$(timeout 90 "$node" "$folder/measure.cjs" tls "$folder")
  echo "Node.js $version: of 64 MiB the peer got $tcp MiB over TCP, $tls MiB over TLS"
  [ "$tcp" -eq 64 ] && [ "$tls" -lt 50 ] || fails=1
done
[ "$fails" -eq 0 ] || { echo 'changed: expected all of it over TCP, and less than 50 MiB over TLS'; exit 1; }
