// Keeps a number of its own instead of memory, so that it is known to the byte: so much for each open connection, and what
// each that closed has left behind.
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { WebSocketServer } from 'ws';

const [protocol, leftBytes] = [process.argv[2], Number(process.argv[3])];
const HELD_BYTES = 8192;
const BASE_BYTES = 64 * 2 ** 20;
let [open, closed] = [0, 0];

function count(socket) {
  open++;
  socket.on('error', () => {});
  socket.on('close', () => {
    open--;
    closed++;
  });
}

const metrics = createHttp((_, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(
    `# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ${BASE_BYTES + HELD_BYTES * open + leftBytes * closed}\n`,
  );
});
// A connection of ours is none of theirs.
const server =
  protocol === 'tcp'
    ? createTcp((socket) => socket.resume())
    : createHttp({ keepAliveTimeout: 0 }, (_, response) => response.end());
server.on('connection', count);
if (protocol === 'ws') new WebSocketServer({ server });
for (const one of [server, metrics]) await new Promise((resolve) => one.listen(0, '127.0.0.1', resolve));
process.stdout.write(`${server.address().port} ${metrics.address().port}\n`);
process.stdin.resume().on('end', () => process.exit());
