// An MQTT broker over WebSocket. A client that is silent for 1.5 times its keep-alive is dropped.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

const broker = await Aedes.createBroker({
  authenticate: (_, username, password, done) => done(null, !username || String(password) === 'right'),
});
let dropped = 0;
let subscriptions = 0;
broker.on('keepaliveTimeout', () => dropped++);
broker.on('subscribe', (topics) => {
  subscriptions += topics.length;
});
broker.on('unsubscribe', (topics) => {
  subscriptions -= topics.length;
});

const http = createServer();
const handleProtocols = (offered) => offered.has('mqtt') && 'mqtt';
new WebSocketServer({ server: http, path: '/mqtt', handleProtocols }).on('connection', (socket, request) =>
  broker.handle(createWebSocketStream(socket), request),
);

// It ends with whoever started it.
createInterface(process.stdin)
  .on('close', () => process.exit())
  .on('line', () => {
    process.stdout.write(`${JSON.stringify({ clients: broker.connectedClients, subscriptions, dropped })}\n`);
  });
http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
