/**
 * A bare server as a process of its own: `node echo-process.js ws|tcp|http|sse <backlog> <perMessageDeflate> [secured|<path of a Unix socket>]`. The first two
 * echo; http answers with bodies of {@link ANSWER_BYTES} by turns on each connection, every other one chunked; sse begins streams. Sends
 * `{ port }` to its parent once it listens on 127.0.0.1 or at the path, and ends when the parent does.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { ANSWER_BYTES } from './echo.ts';
import { createSecuredServer, receiveMaterial } from './secured-server.ts';

const HOST = '127.0.0.1';
const [, , protocol, backlog, perMessageDeflate, how = ''] = process.argv;
const place = { ...(how.startsWith('/') ? { path: how } : { host: HOST, port: 0 }), backlog: Number(backlog) };

function ready(address: AddressInfo | string): void {
  process.send?.({ port: typeof address === 'string' ? 0 : address.port });
}

process.on('disconnect', () => process.exit());
if (protocol === 'ws') {
  const accepting = perMessageDeflate === 'by turns' ? [true, false] : [perMessageDeflate === 'true'];
  const servers = accepting.map((does) => {
    return new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: does });
  });
  let upgrades = 0;
  const server = createHttpServer();
  server.on('upgrade', (request, connection, head) => {
    servers[upgrades++ % servers.length]!.handleUpgrade(request, connection as Socket, head, (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      socket.on('error', () => socket.terminate());
    });
  });
  server.listen(place, () => ready(server.address() as AddressInfo | string));
} else if (protocol === 'http') {
  const answers = new WeakMap<Socket, number>();
  const server = createHttpServer({ keepAliveTimeout: 0 }, ({ socket }, response) => {
    const nth = answers.get(socket) ?? 0;
    answers.set(socket, nth + 1);
    const body = Buffer.alloc(ANSWER_BYTES[nth % ANSWER_BYTES.length]!, nth);
    if (nth % 2 === 0) response.setHeader('Content-Length', body.length);
    else response.write(body.subarray(0, body.length / 2));
    response.end(nth % 2 === 0 ? body : body.subarray(body.length / 2));
  });
  server.listen(place, () => ready(server.address() as AddressInfo | string));
} else if (protocol === 'sse') {
  const server = createHttpServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
  });
  server.listen(place, () => ready(server.address() as AddressInfo | string));
} else {
  const echo = (socket: Socket): void => {
    socket.pipe(socket);
    socket.on('error', () => socket.destroy());
  };
  const server =
    how === 'secured'
      ? createSecuredServer(await receiveMaterial(), { noDelay: true }, echo)
      : createServer({ noDelay: true }, echo);
  server.listen(place, () => ready(server.address() as AddressInfo | string));
}
