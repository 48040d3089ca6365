// A TCP echo server: what a connection sends comes back.
import { createServer } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
