/**
 * Which connection each one is: numbers from 1, shared by all threads. No two live connections have the same, and one that
 * was given back is the next to be taken: whoever comes in place of user 17 is user 17.
 */
export class Numbers {
  readonly #counts: Int32Array;
  /** A bit for each number that was given back. */
  readonly #free: Int32Array;
  readonly #total: number;
  #hint = 0;

  /** @param total numbers there are */
  static allocate(total: number): SharedArrayBuffer {
    return new SharedArrayBuffer((HEAD + Math.ceil(total / 32)) * Int32Array.BYTES_PER_ELEMENT);
  }

  constructor(buffer: SharedArrayBuffer, total: number) {
    this.#counts = new Int32Array(buffer, 0, HEAD);
    this.#free = new Int32Array(buffer, HEAD * Int32Array.BYTES_PER_ELEMENT);
    this.#total = total;
  }

  /** @returns 0 where all are in use */
  take(): number {
    if (this.#reserve()) return this.#takeFree();
    const fresh = Atomics.add(this.#counts, FRESH, 1);
    if (fresh < this.#total) return fresh + 1;
    Atomics.sub(this.#counts, FRESH, 1);
    return 0;
  }

  give(number: number): void {
    const at = number - 1;
    Atomics.or(this.#free, at >>> 5, 1 << (at & 31));
    Atomics.add(this.#counts, FREED, 1);
  }

  /** Lays claim to one of those that were given back, whichever. */
  #reserve(): boolean {
    for (;;) {
      const count = Atomics.load(this.#counts, FREED);
      if (count <= 0) return false;
      if (Atomics.compareExchange(this.#counts, FREED, count, count - 1) === count) return true;
    }
  }

  #takeFree(): number {
    const words = this.#free.length;
    for (let i = this.#hint; ; i = (i + 1) % words) {
      for (let word = Atomics.load(this.#free, i); word !== 0; word = Atomics.load(this.#free, i)) {
        const bit = 31 - Math.clz32(word & -word);
        if (Atomics.compareExchange(this.#free, i, word, word & ~(1 << bit)) !== word) continue;
        this.#hint = i;
        return i * 32 + bit + 1;
      }
    }
  }
}

/** How many were taken for the first time, and how many of them were given back since. */
const FRESH = 0;
const FREED = 1;
const HEAD = 2;
