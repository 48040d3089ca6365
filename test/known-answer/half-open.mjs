// A TCP server that forgets to end its own half: `half-open.mjs PORT [EACH]`, of one connection in EACH.
import { createServer } from 'node:net';

const [port, each = '1'] = process.argv.slice(2);
let ended = 0;
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    if (++ended % Number(each) !== 0) socket.end();
  });
  socket.resume();
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
