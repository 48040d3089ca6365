#!/usr/bin/env bash
# ws before 8.22.2 keeps the buffer of the last frame that it read for as long as a connection rests.
#
# Versions:  ws 8.22.1 and ws 8.22.2 (npm), Node.js 20 or newer.
# Behaviour: 400 clients send one frame of 16,000 bytes each and then say nothing. The server does nothing with the messages.
#            With 8.22.1 each resting connection keeps some 16,000 bytes outside the heap. With 8.22.2 it keeps next to nothing.
# Seen:      8.22.1: 16,048 B kept per connection, 8.22.2: 40 B (Linux 6.18, Node.js 20.20.2).
# Matters:   A server whose clients have each sent one message looks dearer by the size of that message.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/measure.cjs" <<'JS'
const net = require('node:net');
const { WebSocketServer } = require(process.argv[2]);
const CLIENTS = 400;
const FRAME_BYTES = 16_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A masked binary frame with a mask of zeros: the payload stands as it is. */
function frame() {
  const head = Buffer.from([0x82, 0x80 | 126, FRAME_BYTES >> 8, FRAME_BYTES & 255, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.alloc(FRAME_BYTES, 7)]);
}

async function outsideBytes() {
  for (let i = 0; i < 5; i++) {
    global.gc();
    await pause(50);
  }
  return process.memoryUsage().arrayBuffers;
}

function client(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.write(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    socket.once('data', () => resolve(socket));
  });
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, async () => {
  const sockets = [];
  for (let i = 0; i < CLIENTS; i++) sockets.push(await client(server.address().port));
  const before = await outsideBytes();
  let came = 0;
  for (const one of server.clients) one.on('message', () => came++);
  const bytes = frame();
  for (const socket of sockets) socket.write(bytes);
  while (came < CLIENTS) await pause(20);
  const kept = ((await outsideBytes()) - before) / CLIENTS;
  console.log(Math.round(kept));
  process.exit(0);
});
JS
kept_by() {
  npm install --silent --no-audit --no-fund --prefix "$folder/$1" "ws@$1" > /dev/null
  timeout 60 node --expose-gc "$folder/measure.cjs" "$folder/$1/node_modules/ws"
}
old=$(kept_by 8.22.1)
new=$(kept_by 8.22.2)
echo "kept per connection at rest: ws 8.22.1 $old B, ws 8.22.2 $new B"
[ "$old" -ge 15900 ] && [ "$old" -le 17000 ] && [ "$new" -lt 200 ] || { echo 'changed: expected about 16,000 B and next to nothing'; exit 1; }
