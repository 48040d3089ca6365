// An echo as in the README of ws, with its defaults. PING_EVERY_MS: with the heartbeat that the README shows. NGINX_LISTEN: behind an
// nginx that listens with these parameters, none where it is empty.
import { WebSocketServer } from 'ws';
import { startNginx } from './nginx.js';

const port = Number(process.argv[2]);
const { NGINX_LISTEN, PING_EVERY_MS } = process.env;

const server = new WebSocketServer({ host: '127.0.0.1', port: NGINX_LISTEN === undefined ? port : 0 });
server.on('connection', (socket) => {
  socket.isAlive = true;
  socket.on('error', () => socket.terminate());
  socket.on('pong', () => {
    socket.isAlive = true;
  });
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
});
if (PING_EVERY_MS) setInterval(() => server.clients.forEach(pingOrDrop), Number(PING_EVERY_MS));
if (NGINX_LISTEN !== undefined) {
  server.on('listening', () => startNginx(`127.0.0.1:${port} ${NGINX_LISTEN}`, server.address().port));
}

function pingOrDrop(socket) {
  if (!socket.isAlive) return socket.terminate();
  socket.isAlive = false;
  socket.ping();
}
