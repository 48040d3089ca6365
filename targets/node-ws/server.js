// A WebSocket echo server: each message comes back as it was.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
});
