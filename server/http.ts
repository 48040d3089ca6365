import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import { closed, type ListensOn, listenOn } from '../telemetry/listen.ts';
import { newCensus } from './census.ts';
import { guardDoor, requestTimeouts } from './http-admission.ts';
import { findCloseReason, type Held, type Listener, type ListenerContext } from './listener.ts';

const GREETING = Buffer.from('Hello from connrig.\n');
const METHODS = 'GET, HEAD';

/**
 * HTTP/1.1 keep-alive on node:http: `/` answers a greeting, and connections may rest for as long as they like. Listeners
 * are made once here and shared by all connections; a connection is open once a request of it was answered.
 *
 * @throws {RigError} ELISTEN
 */
export async function listenHttp(context: ListenerContext, at: ListensOn): Promise<Listener> {
  const { options, gate, queues, secure } = context;
  const { handshakeTimeoutMs } = options;
  const census = newCensus();
  const handshaking = new Set<Socket>();
  const open = new Set<Socket>();
  /** Why a connection is about to be closed, when we know before it happens; the first cause wins. */
  const reasons = new WeakMap<Socket, ServerCloseReason>();
  let stopping = false;

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    // Should it come behind one that isn't one, in the same piece.
    if (reasons.has(socket)) return;
    const bytes = answer(request, response);
    census.bytesOut += bytes;
    if (socket.writableLength > 0) queues.wrote(socket, socket, bytes);
    if (!handshaking.delete(socket)) return;
    census.handshaking--;
    census.open++;
    open.add(socket);
  }

  function onClose(this: Socket): void {
    gate.leave();
    queues.forget(this);
    if (queues.hasEnded(this) && !reasons.has(this)) reasons.set(this, 'slow-reader');
    if (handshaking.delete(this)) census.handshaking--;
    else if (open.delete(this)) census.open--;
    census.closed[reasons.get(this) ?? (stopping ? 'shutdown' : findCloseReason(this))]++;
  }

  const server = createServer(
    // A connection rests until its peer has had enough.
    { ...requestTimeouts(handshakeTimeoutMs), keepAliveTimeout: 0 },
    onRequest,
  );
  const isOpen = (socket: Socket): boolean => open.has(socket);
  guardDoor(server, { gate, secure, handshakeTimeoutMs, census, handshaking, reasons, isOpen, onClose });

  const port = await listenOn(server, at, options.backlog);
  return {
    port,
    census,
    *held(): Iterable<Held> {
      for (const transport of open) yield { queuedBytes: transport.writableLength, transport };
    },
    async close(graceMs) {
      stopping = true;
      for (const socket of handshaking) socket.destroy();
      for (const socket of open) socket.end();
      await closed(server, graceMs, () => {
        for (const socket of open) socket.destroy();
      });
    },
  };
}

/** @returns bytes of the body */
function answer({ method, url = '/' }: IncomingMessage, response: ServerResponse): number {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  const status = path !== '/' ? 404 : method === 'GET' || method === 'HEAD' ? 200 : 405;
  const body = status === 200 ? GREETING : Buffer.from(`${STATUS_CODES[status]}\n`);
  const headers = { 'Content-Type': 'text/plain', 'Content-Length': body.length };
  response.writeHead(status, status === 405 ? { ...headers, Allow: METHODS } : headers).end(body);
  return method === 'HEAD' ? 0 : body.length;
}
