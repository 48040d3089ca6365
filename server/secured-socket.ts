import type { Server, Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { ProtocolName } from '../core/protocols/names.ts';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import type { PartOptions } from './options.ts';

/** What may resume a session of another process has to come from the same server (RFC 5077, section 5.7). */
const SESSION_ID_CONTEXT = 'connrig serve';
/** What is spoken behind the handshake, for clients that ask (RFC 7301). `tcp` is nothing that has a name. */
const HTTP = ['http/1.1'];
const ALPN: Readonly<Partial<Record<ProtocolName, string[]>>> = { ws: HTTP, http: HTTP, sse: HTTP };

/** node's own class with what we need to know of a connection, as fields of the same object. */
export class SecuredSocket extends TLSSocket {
  readonly acceptedAtMs = performance.now();
  /** Its handshake is done. */
  isSecured = false;
  /** Why it is about to be closed, when we know before it happens. */
  reason: ServerCloseReason | undefined = undefined;
  readonly #raw: Socket;
  readonly #onSecured: (this: Socket) => void;

  constructor(raw: Socket, options: TLSSocketOptions, onSecured: (this: Socket) => void) {
    super(raw, options);
    this.#raw = raw;
    this.#onSecured = onSecured;
    this.on('error', endBroken);
    this.on('end', endEarly);
    this.on('secure', this.#secured);
  }

  /** node has this for plain sockets alone. */
  override resetAndDestroy(): this {
    this.#raw.resetAndDestroy();
    return this;
  }

  #secured(): void {
    this.removeListener('secure', this.#secured);
    this.removeListener('end', endEarly);
    this.isSecured = true;
    // As node's own TLS server does: from now on errors are told.
    (this as unknown as { _releaseControl(): void })._releaseControl();
    this.#onSecured.call(this);
  }
}

/** Puts TLS before what a listener speaks: `onSecured` gets the socket as `this` once the handshake is done. */
export type Secure = (raw: Socket, onSecured: (this: Socket) => void) => SecuredSocket;

/** What all TLS connections of a process share. */
export const toSecureContext = ({ cert, key, ticketKeys }: NonNullable<PartOptions['tls']>): SecureContext =>
  createSecureContext({
    cert,
    key,
    ticketKeys: Buffer.from(ticketKeys, 'base64'),
    sessionIdContext: SESSION_ID_CONTEXT,
  });

export function securing(secureContext: SecureContext, protocol: ProtocolName): Secure {
  const alpn = ALPN[protocol];
  const options = { isServer: true, secureContext, ...(alpn && { ALPNProtocols: alpn }) };
  return (raw, onSecured) => new SecuredSocket(raw, options, onSecured);
}

/**
 * Ends handshakes that take too long, by one timer for all of them.
 *
 * @param handshaking in the order in which they began
 * @param late called for each of them, and again until it is gone
 */
export function watchHandshakes(
  server: Server,
  handshaking: ReadonlySet<Socket>,
  timeoutMs: number,
  late: (socket: SecuredSocket) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  server.once('listening', () => {
    timer = setInterval(sweep, checkingIntervalMs(timeoutMs));
    timer.unref();
  });
  server.once('close', () => clearInterval(timer));

  function sweep(): void {
    const since = performance.now() - timeoutMs;
    for (const socket of handshaking as ReadonlySet<SecuredSocket>) {
      if (socket.acceptedAtMs > since) return;
      late(socket);
    }
  }
}

/** How often handshakes are looked at, so that none takes much longer than it may. */
export const checkingIntervalMs = (timeoutMs: number): number => Math.max(50, Math.min(1000, timeoutMs / 4));

export function endLate(socket: SecuredSocket): void {
  socket.reason ??= 'handshake-timeout';
  socket.destroy();
}

/** FIN in the middle of a handshake: sockets of node:http would stay half open. */
function endEarly(this: Socket): void {
  this.destroy();
}

/** Once the handshake is done node only tells what broke TLS, and leaves the connection as it is. */
function endBroken(this: Socket, error: Error): void {
  this.destroy(error);
}
