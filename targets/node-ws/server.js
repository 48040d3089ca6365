// A WebSocket echo server: each message comes back as it was. Over TLS where it is given a certificate.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { WebSocketServer } from 'ws';

const { TLS_CERT, TLS_KEY } = process.env;
const server = TLS_CERT
  ? createSecureServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) })
  : createServer();
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
});
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
