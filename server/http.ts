import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerCloseReason } from '../core/outcomes.ts';
import { closed, listen } from '../telemetry/listen.ts';
import { newCensus } from './census.ts';
import { lastWord } from './gate.ts';
import { admitFirst, httpAnswer, RETRY_AFTER_SECONDS } from './http-answer.ts';
import { causeOf, type Held, type Listener, type ListenerContext } from './listener.ts';

const GREETING = Buffer.from('Hello from connrig.\n');
const METHODS = 'GET, HEAD';

/**
 * HTTP/1.1 keep-alive on node:http: `/` answers a greeting, and connections may rest for as long as they like. Listeners
 * are made once here and shared by all connections; a connection is open once a request of it was answered.
 *
 * @throws {RigError} ELISTEN
 */
export async function listenHttp({ options, gate }: ListenerContext, wantedPort: number): Promise<Listener> {
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
    census.bytesOut += answer(request, response);
    if (!handshaking.delete(socket)) return;
    census.handshaking--;
    census.open++;
    open.add(socket);
  }

  function onClose(this: Socket): void {
    gate.leave();
    if (handshaking.delete(this)) census.handshaking--;
    else if (open.delete(this)) census.open--;
    census.closed[reasons.get(this) ?? (stopping ? 'shutdown' : causeOf(this))]++;
  }

  /** Answers what isn't a request. Called again for more of the same rubbish, which changes nothing. */
  function reject(socket: Socket, reason: ServerCloseReason, status: number): void {
    if (reasons.has(socket)) return;
    reasons.set(socket, reason);
    lastWord(socket, httpAnswer(status));
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const code = error.code ?? '';
    const bad = open.has(socket) ? 'protocol-error' : 'bad-handshake';
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') reject(socket, 'handshake-timeout', 408);
    else if (code === 'HPE_HEADER_OVERFLOW') reject(socket, open.has(socket) ? 'too-large' : bad, 431);
    // FIN in the middle of a request head is an orderly close all the same.
    else if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE') reject(socket, bad, 400);
    else socket.destroy(code.startsWith('HPE_') ? undefined : error);
  }

  const server = createServer(
    {
      headersTimeout: options.handshakeTimeoutMs,
      requestTimeout: options.handshakeTimeoutMs,
      connectionsCheckingInterval: Math.max(50, Math.min(1000, options.handshakeTimeoutMs / 4)),
      // A connection rests until its peer has had enough.
      keepAliveTimeout: 0,
    },
    onRequest,
  );
  server.on('clientError', onClientError);
  server.on('connect', ({ socket }: IncomingMessage) => reject(socket, 'bad-handshake', 405));
  admitFirst(server, (socket) => {
    census.accepted++;
    if (!gate.enter()) {
      census.closed['over-limit']++;
      gate.dismiss(socket, httpAnswer(503, `Retry-After: ${RETRY_AFTER_SECONDS}\r\n`));
      return false;
    }
    census.handshaking++;
    handshaking.add(socket);
    socket.on('close', onClose);
    return true;
  });

  const port = await listen(server, options.host, wantedPort, options.backlog);
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
