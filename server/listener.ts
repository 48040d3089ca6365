import type { Server, Socket } from 'node:net';
import type { CensusOfProtocol, TopConnections } from '../core/admin.ts';
import { RigError } from '../core/errors.ts';
import type { ServerCloseReason } from '../core/outcomes.ts';
import type { Gate } from './gate.ts';
import type { ServerOptions } from './options.ts';

export type TopConnection = TopConnections['connections'][number];

/** What listeners of one process share. */
export interface ListenerContext {
  readonly options: Omit<ServerOptions, 'ports' | 'processes' | 'maxConnections'>;
  readonly gate: Gate;
}

/** One listening port and the connections that came through it. */
export interface Listener {
  readonly port: number;
  readonly census: CensusOfProtocol;
  /** Walks all open connections, so only for those who ask: what each has queued towards its peer. */
  held(): Iterable<Held>;
  /** Stops listening, says goodbye to everyone, waits up to `graceMs`, then drops who is left. */
  close(graceMs: number): Promise<void>;
}

export interface Held {
  readonly queuedBytes: number;
  readonly transport: Socket;
}

/** Bytes queued towards a peer above which we stop reading from it until they are out. */
export const MAX_QUEUED_BYTES = 64 * 1024;

/** @throws {RigError} ELISTEN */
export function listen(server: Server, host: string, port: number, backlog: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, backlog }, () => {
      server.removeAllListeners('error');
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Waits until the last connection of a closing server is gone; after `graceMs` calls `drop`, which ends them. */
export async function closed(server: Server, graceMs: number, drop: () => void): Promise<void> {
  const deadline = setTimeout(drop, graceMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(deadline);
}

/** Why a socket that nobody here ended is gone. */
export const causeOf = (socket: Socket): ServerCloseReason => (socket.errored === null ? 'by-peer' : 'reset');

function listenError(error: NodeJS.ErrnoException, host: string, port: number): RigError {
  const at = `${host}:${port}`;
  const known: Readonly<Record<string, readonly [sentence: string, hint: string]>> = {
    EADDRINUSE: [`${at} is taken`, `choose another port, or look who has it: ss -ltnp 'sport = :${port}'`],
    EACCES: [`listening on ${at} is not allowed`, 'choose a port above 1023'],
    EADDRNOTAVAIL: [`${host} is not an address of this machine`, 'list its addresses: ip -brief address'],
    ENOTFOUND: [`the host name ${host} is not known`, 'give an IP address, such as 127.0.0.1 or 0.0.0.0'],
  };
  const unknown = [`can't listen on ${at}: ${error.message}`, 'choose another --host or port'] as const;
  const [sentence, hint] = known[error.code ?? ''] ?? unknown;
  return new RigError('ELISTEN', sentence, { hint, cause: error });
}
