/** What the reference server is compared with: the smallest `ws` echo server there is. Forked by server-overhead. */
import { WebSocketServer } from 'ws';
import { collectGarbage } from '../../memory/collect.ts';

// As the reference server does when it starts.
await collectGarbage();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4096 });
server.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
server.on('listening', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
process.on('message', () => {
  void collectGarbage().then(() => process.send?.('collected'));
});
process.on('disconnect', () => process.exit());
