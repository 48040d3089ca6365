/**
 * A TCP server that holds exactly BYTES touched bytes for each connection: held.mjs PORT BYTES. Prints "listening" when
 * it does.
 *
 * They are cut out of slabs: a Buffer of its own costs some 300 bytes more than it holds, in the heap and in the C
 * library's. A slab's pages aren't there before they are written to.
 */
import { createServer } from 'node:net';

const SLAB_BYTES = 16 * 2 ** 20;
const [port, bytes] = process.argv.slice(2).map(Number);

const slabs = [];
let usedBytes = 0;
/** Numbers of pieces that are held no longer, to be held again: those that were touched last first. */
const free = [];
let pieces = 0;

function hold() {
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

const server = createServer((socket) => {
  socket.held = hold();
  socket.on('error', () => socket.destroy());
  socket.on('close', () => free.push(socket.held));
  socket.resume();
});
server.listen({ host: '127.0.0.1', port, backlog: 4096 }, () => process.stdout.write('listening\n'));
