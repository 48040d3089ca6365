#!/usr/bin/env bash
# ws keeps both zlib streams of a resting connection, also where both ends agreed to carry no context over.
#
# Versions:  ws 8.23.0 (npm), Node.js 20 or newer, Linux.
# Behaviour: 300 clients each send one message of 4 KiB, are sent it back, and then say nothing. With permessage-deflate each
#            connection then has a stream that inflates and one that deflates, for as long as it rests. With
#            server_no_context_takeover and client_no_context_takeover nothing in them is needed any more (RFC 7692, section
#            7.1.1: an endpoint may do that to save memory), and they are kept all the same: reset, not freed.
# Seen:      kept per connection, resident: 5 to 8 KB without compression, 273 KB with contexts, 274 KB without contexts
#            (Linux 6.18, Node.js 20.20.2; 9, 274 and 276 KB on Node.js 26.10.0).
# Matters:   The setting that is meant to save memory saves none. 10,000 browsers at rest take 2.7 GB more once each has sent and got a
#            message. Before that the streams aren't there, so a server that is measured with silent clients looks cheap.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" ws@8.23.0 > /dev/null
cat > "$folder/measure.cjs" <<'JS'
const { readFileSync } = require('node:fs');
const net = require('node:net');
const zlib = require('node:zlib');
const { WebSocketServer } = require('ws');
const CLIENTS = 300;
const MODES = {
  off: { server: false, offer: '', agreed: undefined },
  contexts: { server: { threshold: 0 }, offer: 'permessage-deflate', agreed: 'permessage-deflate' },
  none: {
    server: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
    offer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    agreed: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  },
};
const mode = MODES[process.argv[2]];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const message = Buffer.from(Array.from({ length: 512 }, (_, at) => ((at * 2654435761) % 2 ** 32).toString(16).padStart(8, '0')).join(''));

/** One masked frame with a mask of zeros: the payload stands as it is. */
function frame() {
  const payload = mode.server
    ? zlib.deflateRawSync(message, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4)
    : message;
  const head = [mode.server ? 0xc2 : 0x82, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), payload]);
}

async function residentBytes() {
  for (let i = 0; i < 5; i++) {
    global.gc();
    await pause(60);
  }
  return Number(/^Pss_Anon:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))[1]) * 1024;
}

function client(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const extensions = mode.offer ? `Sec-WebSocket-Extensions: ${mode.offer}\r\n` : '';
    socket.write(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
        `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${extensions}\r\n`,
    );
    socket.once('data', (answer) => {
      const agreed = /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(answer)?.[1];
      if (agreed === mode.agreed) resolve(socket);
      else reject(new Error(`agreed on ${agreed}`));
    });
  });
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: mode.server }, async () => {
  let sent = 0;
  server.on('connection', (one) => one.on('message', (data) => one.send(data, () => sent++)));
  const sockets = [];
  for (let i = 0; i < CLIENTS; i++) sockets.push(await client(server.address().port));
  const before = await residentBytes();
  const bytes = frame();
  for (const socket of sockets) socket.write(bytes);
  while (sent < CLIENTS) await pause(20);
  console.log(Math.round(((await residentBytes()) - before) / CLIENTS));
  process.exit(0);
});
JS
kept_by() { (cd "$folder" && timeout 60 node --expose-gc measure.cjs "$1"); }
off=$(kept_by off)
contexts=$(kept_by contexts)
none=$(kept_by none)
echo "kept per connection at rest: $off B without compression, $contexts B with contexts, $none B without contexts"
[ "$off" -lt 30000 ] && [ "$contexts" -gt 200000 ] && [ "$none" -gt 200000 ] || { echo 'changed: expected some 270,000 B with contexts and without'; exit 1; }
