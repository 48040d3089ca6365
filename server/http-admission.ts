import { type IncomingMessage, type Server, type ServerOptions, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { CensusOfScheme } from '../core/schemas/admin.ts';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import { type Gate, lastWord } from './admission.ts';
import { checkingIntervalMs, endLate, type Secure, type SecuredSocket, watchHandshakes } from './secured-socket.ts';

/** When somebody for whom there was no place may ask again. */
const RETRY_AFTER_SECONDS = 5;

/** What node:http is told about time: a request head, and its body, are to be complete within this. */
export const requestTimeouts = (handshakeTimeoutMs: number): ServerOptions => ({
  headersTimeout: handshakeTimeoutMs,
  requestTimeout: handshakeTimeoutMs,
  connectionsCheckingInterval: checkingIntervalMs(handshakeTimeoutMs),
});

/** The way in to a listener that speaks HTTP, be it for good or until an upgrade. */
export interface HttpDoor {
  readonly gate: Gate;
  /** undefined: connections are plain. */
  readonly secure: Secure | undefined;
  /** From accept to the end of the request head, TLS included. For plain connections node:http sees to it. */
  readonly handshakeTimeoutMs: number;
  readonly census: CensusOfScheme;
  /** Let in, and not usable yet. */
  readonly handshaking: Set<Socket>;
  /** Why a connection is about to be closed, when we know before it happens; the first cause wins. */
  readonly reasons: WeakMap<Socket, ServerCloseReason>;
  /** Usable, and still read by node:http. */
  readonly isOpen: (socket: Socket) => boolean;
  /** Counts who leaves. */
  readonly onClose: (this: Socket) => void;
}

/**
 * Lets sockets in as far as there is room, and answers what isn't a request.
 *
 * @returns turns a socket away with a status. Called again for more of the same rubbish it changes nothing
 */
export function guardDoor(
  server: Server,
  { gate, secure, handshakeTimeoutMs, census, handshaking, reasons, isOpen, onClose }: HttpDoor,
): (socket: Socket, reason: ServerCloseReason, status: number) => void {
  function reject(socket: Socket, reason: ServerCloseReason, status: number): void {
    if (reasons.has(socket)) return;
    reasons.set(socket, reason);
    lastWord(socket, httpAnswer(status));
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const code = error.code ?? '';
    const bad = isOpen(socket) ? 'protocol-error' : 'bad-handshake';
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') reject(socket, 'handshake-timeout', 408);
    else if (code === 'HPE_HEADER_OVERFLOW') reject(socket, isOpen(socket) ? 'too-large' : bad, 431);
    // FIN in the middle of a request head is an orderly close all the same.
    else if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE') reject(socket, bad, 400);
    else socket.destroy(code.startsWith('HPE_') ? undefined : error);
  }

  server.on('clientError', onClientError);
  server.on('connect', ({ socket }: IncomingMessage) => reject(socket, 'bad-handshake', 405));
  // One that we can't hold never costs a parser, or a handshake.
  const serve = server.listeners('connection');
  server.removeAllListeners('connection');
  function begin(this: Socket): void {
    for (const listener of serve) listener.call(server, this);
  }

  server.on('connection', (raw: Socket) => {
    census.accepted++;
    if (!gate.enter()) {
      census.closed['over-limit']++;
      // Before the handshake nobody could read an answer.
      gate.dismiss(raw, secure ? '' : httpAnswer(503, `Retry-After: ${RETRY_AFTER_SECONDS}\r\n`));
      return;
    }
    const socket = secure ? secure(raw, begin) : raw;
    census.handshaking++;
    handshaking.add(socket);
    socket.on('close', onClose);
    if (!secure) begin.call(socket);
  });

  function onLate(socket: SecuredSocket): void {
    if (socket.isSecured) reject(socket, 'handshake-timeout', 408);
    else endLate(socket);
  }
  if (secure) watchHandshakes(server, handshaking, handshakeTimeoutMs, onLate);
  return reject;
}

/** @param headers each with its line end */
const httpAnswer = (status: number, headers = ''): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`;
