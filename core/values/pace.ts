/** The fastest that anybody is opened to unless asked: more would tell little, and needs listen queues that few servers have. */
const MOST_PER_SECOND = 10_000;
/** A pace that a target took at once for a moment is one that it can keep up at half of it. */
const KEPT_SHARE = 0.5;
/** Each round of the warm-up is asked for so many times the pace of the one before, while the target keeps up. */
const STEP = 2;
/** A pace is a round number: runs of the same target mostly have the same one. */
const ROUND_TO = 500;
/** Fewer connections come too fast for their time to be told. */
export const LEAST_TO_FIND = 100;

/** The fastest pace that may be found, above this one that any small server keeps up with. */
export const mostPaceOf = (leastPerSecond: number): number => Math.max(MOST_PER_SECOND, STEP * leastPerSecond);

/** How fast a target takes connections, by the rounds of its warm-up: each is faster than the last, until it can't keep up. */
export class PaceFinder {
  readonly #least: number;
  readonly #most: number;
  #next: number;
  #best = 0;
  #isOver = false;

  /** @param leastPerSecond opens per second that need no finding; > 0 */
  constructor(leastPerSecond: number) {
    this.#least = leastPerSecond;
    this.#most = mostPaceOf(leastPerSecond);
    this.#next = leastPerSecond;
  }

  /** Opens per second of the next round. */
  get next(): number {
    return this.#next;
  }

  /** A round went wrong: the pace stays the least, and nothing more is asked for. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A round that takes longer shows that the target bears no more than the least. */
  mostMs(connections: number): number {
    return (STEP * connections * 1000) / this.#least;
  }

  /**
   * A round is over.
   *
   * @param tookMs until the target had accepted every connection
   * @param hasAll whether it has, turned none away, and none failed
   */
  opened(connections: number, tookMs: number, hasAll: boolean): void {
    if (!hasAll) {
      this.#isOver = true;
      this.#best = 0;
      this.#next = this.#least;
      return;
    }
    this.#best = Math.max(this.#best, (connections * 1000) / tookMs);
    if (!this.#isOver) this.#next = Math.min(this.#next * STEP, this.#most / KEPT_SHARE);
  }

  /** Opens per second that the target bears: never below the least. */
  get found(): number {
    const kept = Math.min(this.#most, this.#best * KEPT_SHARE);
    return Math.max(this.#least, Math.floor(kept / ROUND_TO) * ROUND_TO);
  }
}
