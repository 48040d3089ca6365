/** A server may ask for hours, and a run has its levels to reach. */
export const MOST_RETRY_MS = 30_000;

/**
 * Connections that the peer ended and whose places stay empty for a while, since the peer said for how long (`retry` of an
 * event stream). Each is one moment in a ring.
 */
export class Returns {
  readonly #dueAtMs: Float64Array;
  #first = 0;
  #count = 0;

  /** @param most that wait at once; more come back at once */
  constructor(most: number) {
    this.#dueAtMs = new Float64Array(most);
  }

  add(nowMs: number, afterMs: number): void {
    const room = this.#dueAtMs.length;
    if (this.#count === room) return;
    // What the peer says may change: nobody comes back before those that ended earlier.
    const before = this.#count === 0 ? 0 : this.#dueAtMs[(this.#first + this.#count - 1) % room]!;
    this.#dueAtMs[(this.#first + this.#count) % room] = Math.max(before, nowMs + Math.min(MOST_RETRY_MS, afterMs));
    this.#count += 1;
  }

  /** @returns how many still wait */
  waitingAt(nowMs: number): number {
    while (this.#count > 0 && this.#dueAtMs[this.#first]! <= nowMs) {
      this.#first = (this.#first + 1) % this.#dueAtMs.length;
      this.#count -= 1;
    }
    return this.#count;
  }

  /** Until the next one comes back, in ms; Infinity when none waits. */
  nextInMs(nowMs: number): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : Math.max(0, this.#dueAtMs[this.#first]! - nowMs);
  }

  clear(): void {
    this.#count = 0;
  }
}
