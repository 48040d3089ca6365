/**
 * A server that floods some of its connections, as a process of its own: `node flood-process.js <kind> <every> [secured]`, or
 * `node flood-process.js <kind,…> at <number,…>`; see {@link FLOODS}. Sends `{ port }` to its parent once it listens on 127.0.0.1, and ends when the parent does.
 */
import { createHash } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import { FLOODS, type FloodKind } from './flood.ts';
import { createSecuredServer, receiveMaterial } from './secured-server.ts';

const kinds = process.argv[2]!.split(',') as FloodKind[];
const every = Number(process.argv[3]);
const numbers = (process.argv[4] ?? '').split(',').map(Number);
const isSecured = process.argv.at(-1) === 'secured';
const path = process.argv.at(-1)!.startsWith('/') && process.argv.length > 4 ? process.argv.at(-1)! : undefined;
const PIECE_BYTES = 65_536;
const AT_ONCE = 16;
const BOMB_BYTES = 16 * 2 ** 20 - 1024;

let connections = 0;
/** What the next connection is flooded with, if it is. */
function nextFlood(): FloodKind | undefined {
  const number = ++connections;
  return Number.isNaN(every) ? kinds[numbers.indexOf(number)] : number % every === 0 ? kinds[0] : undefined;
}

/** Writes the same again and again, as fast as it is taken. A client that takes all at once must not hold up the others. */
function forever(socket: Socket, bytes: Uint8Array): void {
  const goOn = (): void => {
    let isTaken = true;
    for (let i = 0; i < AT_ONCE && isTaken && !socket.destroyed; i++) isTaken = socket.write(bytes);
    if (isTaken && !socket.destroyed) setImmediate(goOn);
    else if (!socket.destroyed) socket.once('drain', goOn);
  };
  goOn();
}

const repeated = (bytes: Uint8Array): Buffer => {
  const times = Math.max(1, Math.floor(PIECE_BYTES / bytes.length));
  return Buffer.concat(Array.from({ length: times }, () => bytes));
};

function frame(firstByte: number, payload: Uint8Array): Buffer {
  const isShort = payload.length < 126;
  const isLong = payload.length >= 65_536;
  const head = Buffer.alloc(isShort ? 2 : isLong ? 10 : 4);
  head[0] = firstByte;
  head[1] = isShort ? payload.length : isLong ? 127 : 126;
  if (isLong) head.writeBigUInt64BE(BigInt(payload.length), 2);
  else if (!isShort) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

const bomb = (): Buffer =>
  deflateRawSync(Buffer.alloc(BOMB_BYTES), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
const ONE = Uint8Array.of(1);

/** What is sent once, and what without end. Bits of a first byte: final 0x80, compressed 0x40; 1 text, 2 binary, 9 ping. */
const WS_FLOODS: Partial<Record<FloodKind, () => readonly [once: Uint8Array, forEver: Uint8Array]>> = {
  messages: () => [frame(0x82, ONE), repeated(frame(0x82, ONE))],
  pings: () => [frame(0x82, ONE), repeated(frame(0x89, Buffer.alloc(125, 'a')))],
  fragments: () => [frame(0x02, ONE), repeated(frame(0x00, ONE))],
  'compressed-fragments': () => [frame(0x42, ONE), repeated(frame(0x00, ONE))],
  'empty-fragments': () => [frame(0x02, ONE), repeated(frame(0x00, new Uint8Array(0)))],
  bombs: () => [frame(0x82, ONE), repeated(frame(0xc2, bomb()))],
  'half-message': () => [frame(0x42, Buffer.alloc(BOMB_BYTES)), new Uint8Array(0)],
  'reads-nothing': () => [new Uint8Array(0), new Uint8Array(0)],
};

function floodWs(kind: FloodKind, request: IncomingMessage, socket: Socket): void {
  socket.pause();
  if (kind === 'interim') {
    forever(socket, repeated(Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n')));
    return;
  }
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const extensions = request.headers['sec-websocket-extensions'];
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      (extensions === undefined ? '' : 'Sec-WebSocket-Extensions: permessage-deflate\r\n') +
      `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n\r\n`,
  );
  const [once, forEver] = WS_FLOODS[kind]!();
  socket.write(once);
  if (forEver.length > 0) forever(socket, forEver);
}

function wsServer(): Server {
  const upgrades = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: true });
  const server = createHttpServer();
  server.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => socket.destroy());
    const kind = nextFlood();
    if (kind !== undefined) {
      floodWs(kind, request, socket);
      return;
    }
    upgrades.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
      client.on('error', () => client.terminate());
    });
  });
  return server;
}

const flood = (socket: Socket): void => {
  socket.on('error', () => socket.destroy());
  if (nextFlood() !== undefined) forever(socket.pause(), Buffer.alloc(PIECE_BYTES, 'x'));
  else socket.pipe(socket);
};

const tcpServer = async (): Promise<Server> =>
  isSecured
    ? createSecuredServer(await receiveMaterial(), { noDelay: true }, flood)
    : createServer({ noDelay: true }, flood);

function floodHttp(kind: FloodKind, socket: Socket): void {
  if (kind === 'http-interim') {
    forever(socket, repeated(Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n')));
    return;
  }
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  forever(socket, repeated(Buffer.from('1;an-extension=of-the-chunk\r\nx\r\n')));
}

function httpServer(): Server {
  const requests = new WeakMap<Socket, number>();
  const flooded = new WeakMap<Socket, FloodKind>();
  const server = createHttpServer({ keepAliveTimeout: 0 }, ({ socket }, response: ServerResponse) => {
    const nth = (requests.get(socket) ?? 0) + 1;
    requests.set(socket, nth);
    const kind = flooded.get(socket);
    if (nth === 1 || kind === undefined) response.end('ok');
    else floodHttp(kind, socket);
  });
  server.on('connection', (socket: Socket) => {
    const kind = nextFlood();
    if (kind !== undefined) flooded.set(socket, kind);
    socket.on('error', () => socket.destroy());
  });
  return server;
}

process.on('disconnect', () => process.exit());
const makers = { ws: wsServer, tcp: tcpServer, http: httpServer };
const server = await makers[FLOODS[kinds[0]!]]();
const place = path === undefined ? { host: '127.0.0.1', port: 0 } : { path };
server.listen({ ...place, backlog: 4096 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
