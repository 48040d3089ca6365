import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import { closed, type ListensOn, listenOn } from '../telemetry/listen.ts';
import { newCensus } from './census.ts';
import { guardDoor, requestTimeouts } from './http-admission.ts';
import type { MakeHttpService } from './http-service.ts';
import { findCloseReason, type Held, type Listener, type ListenerContext } from './listener.ts';

/**
 * HTTP/1.1 on node:http: connections may rest for as long as they like. Listeners are made once here and shared by all
 * connections; a connection is open once a request of it has come that the service takes.
 *
 * @throws {RigError} ELISTEN
 */
export async function listenHttp(
  context: ListenerContext,
  at: ListensOn,
  makeService: MakeHttpService,
): Promise<Listener> {
  const { options, gate, queues, rooms, secure } = context;
  const { handshakeTimeoutMs } = options;
  const census = newCensus();
  const handshaking = new Set<Socket>();
  const open = new Set<Socket>();
  /** Why a connection is about to be closed, when we know before it happens; the first cause wins. */
  const reasons = new WeakMap<Socket, ServerCloseReason>();
  let stopping = false;
  const service = makeService({ ...options, rooms }, onSaid);

  function onSaid(socket: Socket, bytes: number): void {
    census.bytesOut += bytes;
    if (socket.writableLength > 0) queues.wrote(socket, socket, bytes);
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    // Should it come behind one that isn't one, in the same piece.
    if (reasons.has(socket)) return;
    const bytes = service.answer(request, response);
    if (bytes === undefined) {
      reject(socket, isOpen(socket) ? 'protocol-error' : 'bad-handshake', 405);
      return;
    }
    onSaid(socket, bytes);
    if (!handshaking.delete(socket)) return;
    census.handshaking--;
    census.open++;
    open.add(socket);
  }

  function onClose(this: Socket): void {
    gate.leave();
    service.forget(this);
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
  const entering = { census, handshaking, reasons, isOpen, onClose };
  const reject = guardDoor(server, { gate, secure, handshakeTimeoutMs, ...entering });

  const port = await listenOn(server, at, options.backlog);
  return {
    port,
    census,
    *held(): Iterable<Held> {
      for (const transport of open) yield { queuedBytes: transport.writableLength, transport };
    },
    async close(graceMs) {
      stopping = true;
      service.stop();
      for (const socket of handshaking) socket.destroy();
      for (const socket of open) socket.end();
      await closed(server, graceMs, () => {
        for (const socket of open) socket.destroy();
      });
    },
  };
}
