import type { Socket } from 'node:net';
import type { CensusOfScheme, TopConnections } from '../core/schemas/admin.ts';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import type { Gate } from './admission.ts';
import type { PartOptions } from './options.ts';
import type { Queues } from './queues.ts';
import type { Rooms } from './rooms.ts';
import { type Secure, SecuredSocket } from './secured-socket.ts';

export type TopConnection = TopConnections['connections'][number];

/** What listeners of one process share. */
export interface SharedContext {
  readonly options: Omit<PartOptions, 'ports' | 'sockets' | 'maxConnections' | 'maxQueuedBytes' | 'tls'>;
  readonly gate: Gate;
  readonly queues: Queues;
  readonly rooms: Rooms;
}

/** What one listener gets. */
export interface ListenerContext extends SharedContext {
  /** undefined: connections are plain. */
  readonly secure: Secure | undefined;
}

/** One listening socket and the connections that came through it. */
export interface Listener {
  /** 0 at a Unix socket. */
  readonly port: number;
  readonly census: CensusOfScheme;
  /** Walks all open connections, so only for those who ask: what each has queued towards its peer. */
  held(): Iterable<Held>;
  /** Stops listening, says goodbye to everyone, waits up to `graceMs`, then drops who is left. */
  close(graceMs: number): Promise<void>;
}

export interface Held {
  readonly queuedBytes: number;
  readonly transport: Socket;
}

/** Why a socket that we didn't end in order is gone. */
export function findCloseReason(socket: Socket): ServerCloseReason {
  if (socket instanceof SecuredSocket && socket.reason) return socket.reason;
  if (socket.errored === null) return 'by-peer';
  return isTlsError(socket.errored) ? 'tls-failed' : 'reset';
}

/** OpenSSL's own word against what it read, or an alert of the peer; all else that ends a socket comes from the kernel. */
const isTlsError = ({ code }: NodeJS.ErrnoException): boolean => code?.startsWith('ERR_SSL_') ?? false;
