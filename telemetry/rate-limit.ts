export interface Rate {
  readonly perSecond: number;
  /** What may come at once after a pause. */
  readonly burst: number;
}

interface Bucket {
  left: number;
  atMs: number;
}

/** Beyond this many peers one is forgotten: the longest silent first. */
const MOST_KEYS = 1024;

/** Counts requests against a rate, for each of those who ask: nobody's haste is another's refusal. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #now: () => number;
  /** In the order in which they were last heard of. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param now ms, of a clock that never goes back */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** @returns whether this one is within the rate; one that isn't costs nothing more */
  take(key: string): boolean {
    const { perSecond, burst } = this.#rate;
    const nowMs = this.#now();
    const before = this.#buckets.get(key) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, before.left + ((nowMs - before.atMs) / 1000) * perSecond);
    const isWithin = left >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: isWithin ? left - 1 : left, atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_KEYS && oldest !== undefined) this.#buckets.delete(oldest);
    return isWithin;
  }
}
