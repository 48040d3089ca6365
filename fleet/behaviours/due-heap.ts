/** Entries by the moment when each is due, the first one first: a binary heap over typed arrays, without an object for any. */
export class DueHeap {
  readonly #entries: Int32Array;
  readonly #dueAtMs: Float64Array;
  #count = 0;

  /** @param capacity the most entries at once, which are numbers below 2^31 */
  constructor(capacity: number) {
    this.#entries = new Int32Array(capacity);
    this.#dueAtMs = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** When the first is due; Infinity where there is none. */
  get firstDueAtMs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#dueAtMs[0]!;
  }

  add(entry: number, dueAtMs: number): void {
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#dueAtMs[parent]! <= dueAtMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, entry, dueAtMs);
  }

  /** The one that is due first, which is taken out; there has to be one. */
  takeFirst(): number {
    const first = this.#entries[0]!;
    const last = --this.#count;
    const dueAtMs = this.#dueAtMs[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#dueAtMs[child + 1]! < this.#dueAtMs[child]!) child += 1;
      if (this.#dueAtMs[child]! >= dueAtMs) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, this.#entries[last]!, dueAtMs);
    return first;
  }

  clear(): void {
    this.#count = 0;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#entries[from]!, this.#dueAtMs[from]!);
  }

  #put(at: number, entry: number, dueAtMs: number): void {
    this.#entries[at] = entry;
    this.#dueAtMs[at] = dueAtMs;
  }
}
