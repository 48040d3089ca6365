/**
 * What a fleet's threads share: the order, which the conductor writes, and one block of counters for each worker
 * that this worker alone writes. Both are guarded by a sequence number that is odd while a write is under way, so a
 * reader gets values that belong together without ever blocking a writer.
 */
import { performance } from 'node:perf_hooks';
import { HISTOGRAM_BUCKETS } from '../../core/stats/histogram.ts';
import {
  CLOSE_REASONS,
  type CloseReason,
  OUTCOMES,
  type Outcome,
  STATUS_CLASSES,
  type StatusClass,
} from '../../core/values/outcomes.ts';
import type { MessageTemplate } from '../behaviours/published-message.ts';
import {
  COUNTER,
  type Counter,
  HISTOGRAMS,
  type HistogramName,
  ORDER_FIELDS,
  type Order,
  TALLY_FIELDS,
  type Tally,
  type TallyField,
} from '../wire.ts';

const OUTCOMES_AT = TALLY_FIELDS.length;
const REASONS_AT = OUTCOMES_AT + OUTCOMES.length;
const STATUSES_AT = REASONS_AT + CLOSE_REASONS.length;
const TALLY_LENGTH = STATUSES_AT + STATUS_CLASSES.length;

/** A block of numbers with one writer and any number of readers. */
class GuardedBlock {
  readonly #sequence: Int32Array;
  readonly #values: Float64Array;
  constructor(buffer: SharedArrayBuffer) {
    this.#sequence = new Int32Array(buffer, 0, 2);
    this.#values = new Float64Array(buffer, 8);
  }
  static allocate(length: number): SharedArrayBuffer {
    return new SharedArrayBuffer(8 + length * Float64Array.BYTES_PER_ELEMENT);
  }
  get version(): number {
    return Atomics.load(this.#sequence, 0);
  }
  write(from: ArrayLike<number>): void {
    Atomics.add(this.#sequence, 0, 1);
    this.#values.set(from);
    Atomics.add(this.#sequence, 0, 1);
  }
  /** @returns the version that was read */
  read(into: Float64Array): number {
    for (;;) {
      const before = Atomics.load(this.#sequence, 0);
      if (before % 2 === 0) {
        into.set(this.#values);
        if (Atomics.load(this.#sequence, 0) === before) return before;
      }
    }
  }
}

/** The conductor's side writes, every worker reads. */
export class SharedOrder {
  static readonly allocate = (): SharedArrayBuffer => GuardedBlock.allocate(ORDER_FIELDS.length);
  readonly #block: GuardedBlock;
  readonly #scratch = new Float64Array(ORDER_FIELDS.length);
  constructor(buffer: SharedArrayBuffer) {
    this.#block = new GuardedBlock(buffer);
  }
  /** Changes with every {@link write}; cheap enough to look at in each turn of a loop. */
  get version(): number {
    return this.#block.version;
  }
  write(order: Order): void {
    this.#block.write(ORDER_FIELDS.map((field) => order[field]));
  }
  read(): { order: Order; version: number } {
    const version = this.#block.read(this.#scratch);
    const order = Object.fromEntries(ORDER_FIELDS.map((field, i) => [field, this.#scratch[i]])) as unknown as Order;
    return { order, version };
  }
}

/** A worker's own counters: changed freely in its heap, shown to others by {@link publish}, once per turn. */
export class TallyWriter {
  static readonly allocate = (): SharedArrayBuffer => GuardedBlock.allocate(TALLY_LENGTH);
  readonly #local = new Float64Array(TALLY_LENGTH);
  readonly #block: GuardedBlock;
  constructor(buffer: SharedArrayBuffer) {
    this.#block = new GuardedBlock(buffer);
  }
  get(counter: Counter): number {
    return this.#local[counter]!;
  }
  set(counter: Counter, value: number): void {
    this.#local[counter] = value;
  }
  add(counter: Counter, by: number): void {
    this.#local[counter] = this.#local[counter]! + by;
  }
  outcome(index: number): void {
    this.#local[OUTCOMES_AT + index] = this.#local[OUTCOMES_AT + index]! + 1;
  }
  closeReason(index: number): void {
    this.#local[REASONS_AT + index] = this.#local[REASONS_AT + index]! + 1;
  }
  status(index: number): void {
    this.#local[STATUSES_AT + index] = this.#local[STATUSES_AT + index]! + 1;
  }
  publish(): void {
    this.#block.write(this.#local);
  }
}

/** What a worker needs of a fleet in which one publishes to all others. */
export interface WorkerBroadcasts {
  /** {@link Publications}: of the whole fleet. */
  readonly publications: SharedArrayBuffer;
  /** {@link DeliveryBook}: its own. */
  readonly book: SharedArrayBuffer;
  /** What stands around each message; undefined: nothing. */
  readonly template: MessageTemplate | undefined;
}

/** Everything one worker shows: allocated by the fleet, handed to the worker, read by the fleet. */
export interface WorkerBuffers {
  readonly tally: SharedArrayBuffer;
  readonly histograms: Readonly<Record<HistogramName, SharedArrayBuffer>>;
}

export function allocateWorkerBuffers(): WorkerBuffers {
  const histogram = (): SharedArrayBuffer => new SharedArrayBuffer(HISTOGRAM_BUCKETS * Uint32Array.BYTES_PER_ELEMENT);
  return {
    tally: TallyWriter.allocate(),
    histograms: Object.fromEntries(HISTOGRAMS.map((name) => [name, histogram()])) as WorkerBuffers['histograms'],
  };
}

/** Reads what the workers show, often and without leaving garbage behind. */
export class TallyReader {
  readonly #blocks: readonly GuardedBlock[];
  readonly #one = new Float64Array(TALLY_LENGTH);

  constructor(workers: readonly WorkerBuffers[]) {
    this.#blocks = workers.map(({ tally }) => new GuardedBlock(tally));
  }

  /** What the slowest worker has come to. Leaves no garbage behind, for those who ask again and again. */
  readLeast(field: 'orderSeen' | 'collections'): number {
    let least = Number.POSITIVE_INFINITY;
    for (const block of this.#blocks) {
      block.read(this.#one);
      least = Math.min(least, this.#one[COUNTER[field]]!);
    }
    return least;
  }

  /** The sums. Each worker's numbers belong together, so the sums add up as well. */
  read(): Tally {
    const one = this.#one;
    const sum = new Float64Array(TALLY_LENGTH);
    let [orderSeen, collections] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    let [firstLossAtMs, lastLossAtMs] = [Number.POSITIVE_INFINITY, 0];
    let [begunAtMs, lastBackAtMs] = [Number.POSITIVE_INFINITY, 0];
    for (const block of this.#blocks) {
      block.read(one);
      for (let i = 0; i < TALLY_LENGTH; i++) sum[i] = sum[i]! + one[i]!;
      orderSeen = Math.min(orderSeen, one[COUNTER.orderSeen]!);
      collections = Math.min(collections, one[COUNTER.collections]!);
      firstLossAtMs = Math.min(firstLossAtMs, one[COUNTER.firstLossAtMs]! || Number.POSITIVE_INFINITY);
      lastLossAtMs = Math.max(lastLossAtMs, one[COUNTER.lastLossAtMs]!);
      begunAtMs = Math.min(begunAtMs, one[COUNTER.begunAtMs]! || Number.POSITIVE_INFINITY);
      lastBackAtMs = Math.max(lastBackAtMs, one[COUNTER.lastBackAtMs]!);
    }
    const plain = {} as Record<TallyField, number>;
    for (const field of TALLY_FIELDS) plain[field] = sum[COUNTER[field]]!;
    const outcomes = {} as Record<Outcome, number>;
    for (let i = 0; i < OUTCOMES.length; i++) outcomes[OUTCOMES[i]!] = sum[OUTCOMES_AT + i]!;
    const closeReasons = {} as Record<CloseReason, number>;
    for (let i = 0; i < CLOSE_REASONS.length; i++) closeReasons[CLOSE_REASONS[i]!] = sum[REASONS_AT + i]!;
    const statuses = {} as Record<StatusClass, number>;
    for (let i = 0; i < STATUS_CLASSES.length; i++) statuses[STATUS_CLASSES[i]!] = sum[STATUSES_AT + i]!;
    if (lastLossAtMs === 0) firstLossAtMs = 0;
    if (begunAtMs === Number.POSITIVE_INFINITY) begunAtMs = 0;
    const moments = { firstLossAtMs, lastLossAtMs, begunAtMs, lastBackAtMs };
    // For the first two, what matters is what the slowest worker has done.
    return { ...plain, orderSeen, collections, ...moments, outcomes, closeReasons, statuses };
  }
}

/**
 * A window of the fleet: attempts (or closes) in flight over all workers, counted in shared memory, so that the bound
 * holds however they share the work.
 */
export class SharedWindow {
  static readonly allocate = (): SharedArrayBuffer => new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  readonly #inFlight: Int32Array;
  readonly #size: number;
  constructor(buffer: SharedArrayBuffer, size: number) {
    this.#inFlight = new Int32Array(buffer);
    this.#size = size;
  }
  /** @returns whether there was room for one more */
  enter(): boolean {
    if (Atomics.add(this.#inFlight, 0, 1) < this.#size) return true;
    this.leave();
    return false;
  }
  leave(): void {
    Atomics.sub(this.#inFlight, 0, 1);
  }
}

/** One clock for all threads of a process, in ms: `performance.now()` counts from each thread's own start. */
export function monotonicClock(): () => number {
  const [seconds, nanoseconds] = process.hrtime();
  const offsetMs = seconds * 1000 + nanoseconds / 1e6 - performance.now();
  return () => performance.now() + offsetMs;
}
