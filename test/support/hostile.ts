import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { acceptOf } from './accept.ts';
import { startEcho } from './echo.ts';

/** Ways in which a WebSocket server can disappoint. */
export const HOSTILE_KINDS = [
  /** Accepts, reads, never answers. */
  'silent',
  /** Answers the upgrade with a complete `200 OK`. */
  'status-200',
  /** Answers with `403 Forbidden`. */
  'status-403',
  /** Answers with a redirection. */
  'status-302',
  /** Answers with 200 bytes that are not HTTP. */
  'garbage',
  /** A correct 101, but for the accept value. */
  'wrong-key',
  /** 101 and the first two headers, then FIN. */
  'half-response',
  /** A response head that never ends: 64 KiB of header. */
  'endless-head',
  /** Reads the request, then RST. */
  'reset',
  /** FIN without reading anything. */
  'close-at-once',
  /** A correct handshake, then a frame with reserved bits. */
  'bad-frame',
  /** Echoes properly, but drops (RST) all connections once the `dropAt`-th is open; later ones are not answered. */
  'dropper',
  /** Echoes properly, in a process of its own: `pid` can be killed. */
  'good',
] as const;
export type HostileKind = (typeof HOSTILE_KINDS)[number];

export interface HostileServer {
  /** `ws://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** The process of a server that has one of its own. */
  readonly pid: number | undefined;
  /** Drops its connections and stops listening; resolves when both are done. */
  close(): Promise<void>;
}

export interface HostileOptions {
  /** For `dropper`: the number of open connections at which all are dropped; 1,000 by default. */
  readonly dropAt?: number;
}

/** What a server does with the upgrade request it has read. */
type Answer = (socket: Socket, request: string) => void;

/** Starts a server of this kind on a free port of 127.0.0.1. */
export async function startHostile(kind: HostileKind, options: HostileOptions = {}): Promise<HostileServer> {
  if (kind === 'good') return startEcho('ws');
  if (kind === 'dropper') return startDropper(options.dropAt ?? 1000);
  const answer = ANSWERS[kind];
  const server = createServer({ allowHalfOpen: kind === 'silent' }, (socket) => {
    if (kind === 'close-at-once') {
      socket.end();
      return;
    }
    let request = '';
    socket.on('data', (bytes) => {
      request += bytes.toString('latin1');
      if (request.includes('\r\n\r\n')) answer(socket, request);
    });
  });
  return listen(server, trackSockets(server));
}

const accepted = (request: string, twist = ''): string =>
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: ${acceptOf(request, twist)}\r\n\r\n`;

const ANSWERS: Record<Exclude<HostileKind, 'good' | 'dropper'>, Answer> = {
  silent: () => undefined,
  'close-at-once': () => undefined,
  'status-200': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n'),
  'status-403': (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
  'status-302': (socket) => socket.end('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n'),
  garbage: (socket) => socket.write(Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 197 + 3) % 256))),
  'wrong-key': (socket, request) => socket.write(accepted(request, 'x')),
  'half-response': (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnec'),
  'endless-head': (socket) => socket.write(`HTTP/1.1 101 Switching Protocols\r\nX: ${'a'.repeat(65_536)}`),
  reset: (socket) => socket.resetAndDestroy(),
  'bad-frame': (socket, request) => socket.write(Buffer.concat([Buffer.from(accepted(request)), Buffer.of(0xf1, 0)])),
};

/** Clients have read their own handshake's end before the reset, which would discard it. */
const DROP_DELAY_MS = 400;

function startDropper(dropAt: number): Promise<HostileServer> {
  const upgrades = new WebSocketServer({ noServer: true, clientTracking: false });
  const server = createHttpServer();
  const sockets = trackSockets(server);
  let open = 0;
  let isFull = false;
  const drop = (): void => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  server.on('upgrade', (request, socket, head) => {
    if (isFull) return;
    upgrades.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
      client.on('error', () => client.terminate());
      client.on('close', () => {
        open--;
      });
      isFull = ++open === dropAt;
      if (isFull) setTimeout(drop, DROP_DELAY_MS);
    });
  });
  return listen(server, sockets);
}

/** The server's connections, each with the listener that keeps a reset from being thrown. */
function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function listen(server: Server, sockets: Set<Socket>): Promise<HostileServer> {
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    pid: undefined,
    async close() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
