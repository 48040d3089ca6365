/**
 * A bare echo server as a process of its own: `node echo-process.js ws|tcp <backlog>`. Sends `{ port }` to its parent once it
 * listens on 127.0.0.1, and ends when the parent does.
 */
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { WebSocketServer } from 'ws';

const HOST = '127.0.0.1';
const [, , protocol, backlog] = process.argv;

function ready(address: AddressInfo): void {
  process.send?.({ port: address.port });
}

process.on('disconnect', () => process.exit());
if (protocol === 'ws') {
  const server = new WebSocketServer({ host: HOST, port: 0, backlog: Number(backlog), clientTracking: false });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => socket.terminate());
  });
  server.on('listening', () => ready(server.address() as AddressInfo));
} else {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.pipe(socket);
    socket.on('error', () => socket.destroy());
  });
  server.listen({ host: HOST, port: 0, backlog: Number(backlog) }, () => ready(server.address() as AddressInfo));
}
