/**
 * A server of ws that can be started again. It holds so much for each connection in its first life, and three times as much in
 * its second. It is gone 200 ms after SIGTERM, and listens 300 ms after it began.
 *
 * node restarts.mjs PORT FOLDER BYTES [deaf: nothing but SIGKILL ends its first life | once: it lives once | dies: its second life takes 150, and then ends]
 */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, folder, bytes, how] = process.argv.slice(2);
const marker = `${folder}/lived`;
const isFirst = !existsSync(marker);
writeFileSync(marker, '');
const holds = Number(bytes) * (isFirst ? 1 : 3);
if (!isFirst && how === 'once') {
  process.stderr.write('I have lived already\n');
  process.exit(3);
}

/** Of those that come before it dies. */
const ADMITS = 150;
const held = new Set();
const server = createServer();
server.on('upgrade', ({ headers }, socket) => {
  if (!isFirst && how === 'dies' && held.size === ADMITS) {
    setTimeout(() => process.exit(7), 1500);
    return;
  }
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
  );
  const ballast = Buffer.alloc(holds, 1);
  held.add(ballast);
  // They say nothing but goodbye.
  socket.on('data', () => socket.end(Buffer.from([0x88, 0])));
  socket.on('error', () => {});
  socket.on('close', () => held.delete(ballast));
});
process.on('SIGTERM', () => {
  if (isFirst && how === 'deaf') return;
  server.close();
  setTimeout(() => process.exit(0), 200);
});
setTimeout(
  () => server.listen(Number(port), '127.0.0.1', 4096, () => process.stdout.write(`life of ${process.pid}\n`)),
  300,
);
