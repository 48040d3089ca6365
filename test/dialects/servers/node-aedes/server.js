// An MQTT broker over tcp, and at the next port over WebSocket. It counts its clients in $SYS, too.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

const port = Number(process.argv[2]);
const at = { host: '127.0.0.1', port, backlog: 1024 };
const broker = await Aedes.createBroker({
  authenticate: ({ id }, username, password, done) => done(null, username !== 'eve' && id !== ''),
});
let dropped = 0;
broker.on('keepaliveTimeout', () => dropped++);

createInterface(process.stdin).on('line', () => {
  console.log(JSON.stringify({ clients: broker.connectedClients, dropped }));
});
const http = createHttpServer();
new WebSocketServer({ server: http, path: '/mqtt', handleProtocols: (offered) => offered.has('mqtt') && 'mqtt' }).on(
  'connection',
  (socket, request) => broker.handle(createWebSocketStream(socket), request),
);
