import type { EndCause, Engine, EngineEvents } from '../../fleet/engines/engine.ts';
import type { QueueBounds } from '../../fleet/engines/send-queues.ts';
import { turnUntil } from '../support/rig.ts';

export type EngineFactory = (events: EngineEvents, queueBounds?: QueueBounds) => Engine;

/** Descriptors that an engine may hold for itself: an epoll set, a wake-up. */
export const ENGINE_DESCRIPTORS = 4;

/** Everything heard about a slot, as one line each, and the bytes it received. */
interface Heard {
  readonly lines: string[];
  received: Buffer[];
  gone: EndCause | undefined;
  detail: string;
}
export interface Subject {
  readonly engine: Engine;
  readonly of: (slot: number) => Heard;
  readonly goneCount: () => number;
  readonly connectedCount: () => number;
  readonly until: (done: () => boolean, what: string) => Promise<void>;
  forget(slot: number): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** More than any test but those of the bounds has waiting. */
const AMPLE: QueueBounds = { eachBytes: 16 * 2 ** 20, allBytes: 64 * 2 ** 20 };

/**
 * An engine whose events are recorded; disposed of at the end of its block.
 *
 * @param busyMs what is made of each piece that arrives takes so long
 */
export function create(makeEngine: EngineFactory, { queueBounds = AMPLE, busyMs = 0 } = {}): Subject {
  const heard = new Map<number, Heard>();
  let gone = 0;
  let connected = 0;
  const of = (slot: number): Heard => {
    let entry = heard.get(slot);
    if (!entry) {
      entry = { lines: [], received: [], gone: undefined, detail: '' };
      heard.set(slot, entry);
    }
    return entry;
  };
  const engine = makeEngine(
    {
      onConnected(slot) {
        connected++;
        of(slot).lines.push('connected');
      },
      onBytes(slot, bytes) {
        of(slot).received.push(Buffer.from(bytes));
        for (const startMs = performance.now(); performance.now() - startMs < busyMs; );
      },
      onEnd: (slot) => of(slot).lines.push('end'),
      onGone(slot, cause, detail) {
        gone++;
        of(slot).lines.push(`gone ${cause}`);
        of(slot).gone = cause;
        of(slot).detail = detail;
      },
    },
    queueBounds,
  );
  return {
    engine,
    of,
    goneCount: () => gone,
    connectedCount: () => connected,
    forget: (slot) => heard.delete(slot),
    until: (done, what) => turnUntil(engine, done, what, 60_000),
    [Symbol.asyncDispose]: () => engine.dispose(),
  };
}
