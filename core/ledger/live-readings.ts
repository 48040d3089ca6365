import type { HeldSockets, Host, ProcessTree, Readings, Runtime, Sockstat } from '../schemas/readings.ts';
import { queuesSince, stillReserved, timesQueues } from './queues.ts';

/** What can be read at any time without waiting or disturbing; null where it can't. */
export interface LiveReadings {
  /** From the kernel's running counters: without PSS and unique memory, with `anonBytes` as each process counts it. */
  readonly target: ProcessTree | null;
  readonly client: ProcessTree | null;
  readonly sockstat: Sockstat | null;
  readonly host: Host | null;
  /** What the target's runtime last said of its heap; null: nothing since the last full reading. */
  readonly runtime: Runtime | null;
}

/**
 * A full reading brought up to now. What only a full reading tells (sizes of kernel objects, shared pages) stays;
 * anonymous memory moves by as much as the running counters did, which count it a little differently.
 *
 * @param point the last full reading
 * @param atPoint what could be read live just after it
 */
export function livened(point: Readings, atPoint: LiveReadings, now: LiveReadings): Readings {
  return {
    ...point,
    target: withSockets(
      movedTree(point.target, atPoint.target, now.target),
      point.target?.sockets,
      stillReserved(point, now.sockstat),
    ),
    client: movedTree(point.client, atPoint.client, now.client),
    sockstat: now.sockstat ?? point.sockstat,
    host: now.host ?? point.host,
    runtime: now.runtime ?? point.runtime,
    established: null,
    earlierQueues: queuesSince(point, now.sockstat),
  };
}

/** Nobody has looked since. @param share of what was queued, which may still be */
function withSockets(tree: ProcessTree | null, sockets: HeldSockets | undefined, share: number): ProcessTree | null {
  if (tree === null || sockets === undefined) return tree;
  return { ...tree, sockets: { ...sockets, ...(sockets.queues && { queues: timesQueues(sockets.queues, share) }) } };
}

function movedTree(point: ProcessTree | null, then: ProcessTree | null, now: ProcessTree | null): ProcessTree | null {
  if (point === null || then === null || now === null) return point;
  const moved = (key: 'rssBytes' | 'anonBytes' | 'swapBytes'): number | null => {
    const [at, from, to] = [point[key], then[key], now[key]];
    return at === null || from === null || to === null ? at : Math.max(0, at + to - from);
  };
  return {
    ...now,
    rssBytes: moved('rssBytes') ?? now.rssBytes,
    anonBytes: moved('anonBytes'),
    swapBytes: moved('swapBytes'),
    pssBytes: point.pssBytes,
    ussBytes: point.ussBytes,
    hasEpoll: point.hasEpoll,
    ...(point.hasUring && { hasUring: point.hasUring }),
  };
}
