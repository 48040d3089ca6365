import type { ErrorCode } from '../core/values/errors.ts';
import type { PartOptions } from './options.ts';
import type { SaidInRoom } from './rooms.ts';
import type { ServerPart } from './server-process.ts';

/** What a supervisor can ask a child once it serves: the calls of {@link ServerPart}. */
export type Question =
  | { readonly kind: 'snapshot'; readonly collect: boolean }
  | { readonly kind: 'top'; readonly count: number }
  | { readonly kind: 'close'; readonly graceMs: number };

export type ToChild =
  | { readonly kind: 'start'; readonly options: PartOptions }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | SaidInRoom;

export type FromChild =
  | { readonly kind: 'ready'; readonly ports: ServerPart['ports'] }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | SaidInRoom
  /** `failure` instead of `value` when the call threw. */
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly failure?: Failure };

/** An error as it crosses the channel. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}
