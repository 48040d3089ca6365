import type { QueueBounds } from './send-queues.ts';

/** What an engine is told about the worker it serves. Plain data: it goes to worker threads. */
export interface EngineOptions {
  /** How many slots there are; state for all of them may be made at once. */
  readonly slots: number;
  /** Local ports to bind to, first and last; undefined: the system chooses. */
  readonly portRange: readonly [first: number, last: number] | undefined;
  /** This worker among those that share the port range. */
  readonly worker: { readonly index: number; readonly count: number };
  /** What may wait to be sent; 4 MiB for each connection and 32 MiB for all unless said. */
  readonly queueBounds?: QueueBounds;
}
