import type { Socket } from 'node:net';
import type { CensusOfProtocol, TopConnections } from '../core/schemas/admin.ts';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import type { Gate } from './admission.ts';
import type { PartOptions } from './options.ts';
import type { Queues } from './queues.ts';

export type TopConnection = TopConnections['connections'][number];

/** What listeners of one process share. */
export interface ListenerContext {
  readonly options: Omit<PartOptions, 'ports' | 'maxConnections' | 'maxQueuedBytes'>;
  readonly gate: Gate;
  readonly queues: Queues;
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

/** Why a socket that nobody here ended is gone. */
export const findCloseReason = (socket: Socket): ServerCloseReason => (socket.errored === null ? 'by-peer' : 'reset');
