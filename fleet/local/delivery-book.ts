/** What each worker has seen of the messages under way, and of a sample of its connections, in shared memory of a fixed size. */
import { bucketOf } from '../../core/stats/histogram.ts';

/** Times of single deliveries are kept of so many messages, the latest. */
export const DETAILED = 64;
/** Connections of a worker whose places in the order are kept, at most. */
const MOST_SAMPLED = 1024;

/**
 * Times of one message are kept in fewer buckets than those of all: 8 in each power of two, so that one is known within 6 %. They
 * are those of core/stats/histogram.ts, eight by eight.
 */
const COARSER = 8;
/** Beyond the deadline of a delivery. */
const MOST_MICROS = 6e6;
export const COARSE_BUCKETS = Math.ceil((bucketOf(MOST_MICROS) + 1) / COARSER);
/** The bucket of the full histogram that stands for a coarse one: its middle. */
export const fineBucketOf = (coarse: number): number => coarse * COARSER + COARSER / 2;

/** One worker's part of one message. */
export interface MessageShare {
  /** Connections that it is, or was, expected at. */
  readonly expected: number;
  readonly reached: number;
  readonly duplicates: number;
  /** From the planned moment to the first and the last delivery, in ms; of no use where none was reached. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Sums of a sampled connection; all only grow. */
export interface SampledConnections {
  readonly deliveries: Uint32Array;
  /** Sum of places in the order of deliveries of each message, from 0 (first) to 1 (last), among this worker's. */
  readonly places: Float32Array;
  readonly delaysMs: Float32Array;
}

/** Written by one worker, read by the conductor. */
export class DeliveryBook {
  readonly numbers: Int32Array;
  readonly expected: Int32Array;
  readonly reached: Int32Array;
  readonly duplicates: Int32Array;
  readonly firstMs: Float32Array;
  readonly lastMs: Float32Array;
  readonly sample: SampledConnections;
  readonly #details: Uint32Array;
  readonly #mask: number;

  static allocate(kept: number): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * (6 * kept + 3 * MOST_SAMPLED + DETAILED * COARSE_BUCKETS));
  }

  constructor(buffer: SharedArrayBuffer, kept: number) {
    let at = 0;
    const next = (length: number): [SharedArrayBuffer, number, number] => {
      const from = at;
      at += 4 * length;
      return [buffer, from, length];
    };
    this.#mask = kept - 1;
    this.numbers = new Int32Array(...next(kept));
    this.expected = new Int32Array(...next(kept));
    this.reached = new Int32Array(...next(kept));
    this.duplicates = new Int32Array(...next(kept));
    this.firstMs = new Float32Array(...next(kept));
    this.lastMs = new Float32Array(...next(kept));
    this.sample = {
      deliveries: new Uint32Array(...next(MOST_SAMPLED)),
      places: new Float32Array(...next(MOST_SAMPLED)),
      delaysMs: new Float32Array(...next(MOST_SAMPLED)),
    };
    this.#details = new Uint32Array(...next(DETAILED * COARSE_BUCKETS));
  }

  /** One of every so many slots is sampled: a power of two. */
  static strideFor(slots: number): number {
    return 2 ** Math.max(0, Math.ceil(Math.log2(slots / MOST_SAMPLED)));
  }

  /** A message is under way. */
  begin(number: number, expected: number): void {
    const at = number & this.#mask;
    this.expected[at] = expected;
    this.reached[at] = 0;
    this.duplicates[at] = 0;
    this.details(number).fill(0);
    Atomics.store(this.numbers, at, number);
  }

  has(number: number): boolean {
    return this.numbers[number & this.#mask] === number;
  }

  /** Deliveries of a message by their times; of use for the latest {@link DETAILED} only. */
  details(number: number): Uint32Array {
    const from = (number % DETAILED) * COARSE_BUCKETS;
    return this.#details.subarray(from, from + COARSE_BUCKETS);
  }

  /** @returns how many it has reached here, this one included */
  deliver(number: number, delayMs: number): number {
    const at = number & this.#mask;
    const reached = this.reached[at]! + 1;
    this.reached[at] = reached;
    if (reached === 1) this.firstMs[at] = delayMs;
    this.lastMs[at] = delayMs;
    const coarse = Math.min(COARSE_BUCKETS - 1, Math.floor(bucketOf(delayMs * 1000) / COARSER));
    const detail = (number % DETAILED) * COARSE_BUCKETS + coarse;
    this.#details[detail] = this.#details[detail]! + 1;
    return reached;
  }

  expectedOf(number: number): number {
    return this.expected[number & this.#mask]!;
  }

  /** One that it was expected at is gone. */
  expectLess(number: number): void {
    const at = number & this.#mask;
    this.expected[at] = this.expected[at]! - 1;
  }

  duplicate(number: number): void {
    const at = number & this.#mask;
    this.duplicates[at] = this.duplicates[at]! + 1;
  }

  /** @returns undefined where this worker doesn't know of it yet */
  shareOf(number: number): MessageShare | undefined {
    const at = number & this.#mask;
    if (Atomics.load(this.numbers, at) !== number) return undefined;
    return {
      expected: this.expected[at]!,
      reached: this.reached[at]!,
      duplicates: this.duplicates[at]!,
      firstMs: this.firstMs[at]!,
      lastMs: this.lastMs[at]!,
    };
  }
}
