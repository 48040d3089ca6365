/** What the process that has the lease of a share, and the one that holds its connections, say to each other. */
import type { LayoutNeed } from '../local/layout.ts';
import type { ShareJob } from './messages.ts';

/** What is to be held, and for whom: said first. */
export interface Charge {
  readonly type: 'hold';
  readonly redisUrl: string;
  readonly redisCa?: string | undefined;
  readonly prefix: string;
  readonly host: string;
  readonly worker: string;
  readonly job: ShareJob;
  /** The most connections that this machine can hold of it. */
  readonly capacity: number;
  readonly machine: Pick<LayoutNeed, 'descriptorLimit' | 'ephemeralPorts' | 'cores' | 'sources'>;
  /** So long after the lease was renewed nobody else has it for sure. */
  readonly fenceMs: number;
  readonly renewedAtMs: number;
  readonly own: OwnOfWorker;
}

/** What a worker has of its own, and is in no job. Secret: it goes through no Redis, log or message. */
export interface OwnOfWorker {
  readonly token: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its certificate and key, PEM, which its connections show where a target asks for one. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

export type ToHolder =
  | Charge
  /** By the monotonic clock, which all processes of a machine have in common: when the lease was asked for anew that was renewed. */
  | { readonly type: 'renewed'; readonly atMs: number }
  /** The lease is lost. */
  | { readonly type: 'lost' }
  /** The machine is wanted for something else. */
  | { readonly type: 'leave' };

/** How it ended: as ordered; nobody orders any more; this machine leaves; the lease was not renewed; it was taken from us by its conductor. */
export type Ending = 'stopped' | 'drained' | 'left' | 'fenced' | 'superseded';

export type FromHolder =
  | { readonly type: 'over'; readonly ending: Ending }
  | { readonly type: 'failed'; readonly code: string; readonly sentence: string };
