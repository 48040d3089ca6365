// SockJS at the prefix /echo: each message comes back.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import sockjs from 'sockjs';

const clients = new Set();
const echo = sockjs.createServer({ log: () => {} });
echo.on('connection', (connection) => {
  clients.add(connection);
  connection.on('data', (message) => connection.write(message));
  connection.on('close', () => clients.delete(connection));
});
const http = createServer();
echo.installHandlers(http, { prefix: '/echo' });

// It ends with whoever started it.
createInterface(process.stdin)
  .on('close', () => process.exit())
  .on('line', () => {
    const protocols = [...clients].map(({ protocol }) => protocol);
    const raw = protocols.filter((protocol) => protocol === 'websocket-raw').length;
    process.stdout.write(`${JSON.stringify({ clients: clients.size, raw })}\n`);
  });
http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
