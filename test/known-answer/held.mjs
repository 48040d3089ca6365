/**
 * A TCP server that holds exactly BYTES touched bytes for each connection: held.mjs PORT BYTES. BYTES may be several, as in
 * 0@0,1024@500: connections beyond so many open ones hold so much. Prints "listening" when it does.
 * Who asks for a WebSocket is answered that it is one. With TLS_CERT and TLS_KEY it speaks TLS.
 *
 * They are cut out of slabs: a Buffer of its own costs some 300 bytes more than it holds, in the heap and in the C
 * library's. A slab's pages aren't there before they are written to.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';

const SLAB_BYTES = 16 * 2 ** 20;
const [port, words] = process.argv.slice(2);
const stairs = words.split(',').map((stair) => {
  const [bytes, from = 0] = stair.split('@').map(Number);
  // Numbers of pieces that are held no longer, to be held again: those that were touched last first.
  return { bytes, from, free: [] };
});

const slabs = [];
let usedBytes = 0;
let open = 0;
let pieces = 0;

function hold({ bytes, free }) {
  const again = free.pop();
  if (again !== undefined) return again;
  if (slabs.length === 0 || usedBytes + bytes > SLAB_BYTES) {
    slabs.push(new Uint8Array(SLAB_BYTES));
    usedBytes = 0;
  }
  slabs.at(-1).fill(1, usedBytes, usedBytes + bytes);
  usedBytes += bytes;
  return pieces++;
}

/** RFC 6455, section 4.2.2. */
const welcome = (key) =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${createHash(
    'sha1',
  )
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')}\r\n\r\n`;

function welcomed(bytes) {
  const key = /^sec-websocket-key: (\S+)/im.exec(bytes.toString('latin1'))?.[1];
  if (key !== undefined) this.write(welcome(key));
}

function serve(socket) {
  open++;
  const stair = stairs.findLast(({ from }) => open > from);
  socket.held = hold(stair);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    open--;
    stair.free.push(socket.held);
  });
  socket.on('data', welcomed);
}

const { TLS_CERT, TLS_KEY } = process.env;
const server = TLS_CERT
  ? createSecureServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, serve)
  : createServer(serve);
server.listen({ host: '127.0.0.1', port: Number(port), backlog: 4096 }, () => process.stdout.write('listening\n'));
