/** What has been published, for all workers: who publishes writes it before it sends, so that all know whom to expect it at. */

/** Fewer messages than this are never kept. */
const LEAST_KEPT = 128;
/** Where the server publishes by itself nobody knows how many there will be. */
const KEPT_OF_SERVER = 4096;
/** Beyond the deadline of their deliveries. */
const KEPT_MS = 3000;

/** Messages that are remembered for a rate: a power of two. */
export const keptFor = (perSecond: number, withinMs: number): number =>
  perSecond === 0
    ? KEPT_OF_SERVER
    : Math.max(LEAST_KEPT, 2 ** Math.ceil(Math.log2((perSecond * (withinMs + KEPT_MS)) / 1000)));

/** Words before the times: the latest number, the first number of a server that counts by itself, and how many are remembered. */
const [LATEST, BASE, WORDS] = [0, 1, 4];
const UNKNOWN_BASE = -1;

/**
 * Numbers and times of the messages that were published last, in shared memory. Numbers count from 1. There is one writer, but
 * for a server that publishes by itself: there whoever receives a message first writes it down.
 */
export class Publications {
  readonly kept: number;
  readonly #words: Int32Array;
  /** The number of each, in its place. */
  readonly #numbers: Int32Array;
  readonly #plannedAtMs: Float64Array;
  readonly #sentAtMs: Float64Array;

  static allocate(kept: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(4 * (WORDS + kept) + 16 * kept);
    new Int32Array(buffer)[BASE] = UNKNOWN_BASE;
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.kept = (buffer.byteLength - 4 * WORDS) / 20;
    this.#words = new Int32Array(buffer, 0, WORDS);
    this.#numbers = new Int32Array(buffer, 4 * WORDS, this.kept);
    this.#plannedAtMs = new Float64Array(buffer, 4 * (WORDS + this.kept), this.kept);
    this.#sentAtMs = new Float64Array(buffer, 4 * (WORDS + this.kept) + 8 * this.kept, this.kept);
  }

  /** The highest number there is; 0: none. */
  get latest(): number {
    return Atomics.load(this.#words, LATEST);
  }

  /** Before it is sent. */
  add(number: number, plannedAtMs: number, sentAtMs: number): void {
    const at = number & (this.kept - 1);
    this.#plannedAtMs[at] = plannedAtMs;
    this.#sentAtMs[at] = sentAtMs;
    Atomics.store(this.#numbers, at, number);
    for (;;) {
      const latest = this.latest;
      if (latest >= number || Atomics.compareExchange(this.#words, LATEST, latest, number) === latest) return;
    }
  }

  /** What a server calls a message, counted from the first one of its that came: 1 for that. */
  countFrom(serverNumber: number): number {
    const before = Atomics.compareExchange(this.#words, BASE, UNKNOWN_BASE, serverNumber);
    return serverNumber - (before === UNKNOWN_BASE ? serverNumber : before) + 1;
  }

  /** Whether it is remembered: a server may leave numbers out. */
  has(number: number): boolean {
    return number > 0 && Atomics.load(this.#numbers, number & (this.kept - 1)) === number;
  }

  plannedAtMs(number: number): number {
    return this.#plannedAtMs[number & (this.kept - 1)]!;
  }

  sentAtMs(number: number): number {
    return this.#sentAtMs[number & (this.kept - 1)]!;
  }
}
