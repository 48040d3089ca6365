// A WebSocket echo server behind nginx, which ends TLS for it: each message comes back as it was.
import { WebSocketServer } from 'ws';
import { startNginx } from './nginx.js';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 1024 });
server.on('listening', () => startNginx(Number(process.argv[2]), server.address().port));
server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
});
