import { plannedAtMs, rampAt } from '../../core/values/plan.ts';

/** Replacements for failed or lost connections may burst for this long at the pace of the ramp, not longer. */
const REPLACEMENT_BURST_MS = 100;

/**
 * One worker's way to its share of the target: when each connection of the ramp is planned, and how many may be
 * replaced. Open-loop: what is planned doesn't wait for what came before; the caller's window does that.
 */
export class Pursuit {
  #from = 0;
  #to = 0;
  #perSecond = 1;
  #startedAtMs = 0;
  /** Connections of this ramp that have been taken. */
  #taken = 0;
  #replacements = 0;
  #replenishedAtMs = 0;

  /**
   * @param from connections alive now
   * @param to this worker's share of the target
   * @param perSecond this worker's share of the rate, > 0
   */
  aim(from: number, to: number, perSecond: number, startedAtMs: number): void {
    this.#from = from;
    this.#to = to;
    this.#perSecond = perSecond;
    this.#startedAtMs = startedAtMs;
    this.#taken = 0;
    this.#replacements = 0;
    this.#replenishedAtMs = startedAtMs;
  }

  /** How many should be alive at this moment. */
  dueAt(nowMs: number): number {
    return rampAt(this.#from, this.#to, this.#perSecond, nowMs - this.#startedAtMs);
  }

  /**
   * Takes the next connection that {@link dueAt} calls for: the next of the ramp, or a replacement for one that was lost.
   *
   * @returns the moment it was planned for; undefined when replacements have to wait
   */
  take(nowMs: number): number | undefined {
    if (this.#from + this.#taken < this.dueAt(nowMs)) {
      this.#taken += 1;
      return this.#startedAtMs + plannedAtMs(this.#taken - 1, this.#perSecond);
    }
    this.#replenish(nowMs);
    if (this.#replacements < 1) return undefined;
    this.#replacements -= 1;
    return nowMs;
  }

  /** Until the ramp calls for the next one, in ms; Infinity once it has arrived. */
  nextInMs(nowMs: number): number {
    const due = this.dueAt(nowMs);
    if (due === this.#to) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#startedAtMs + plannedAtMs(Math.abs(due - this.#from), this.#perSecond) - nowMs);
  }

  #replenish(nowMs: number): void {
    const perMs = this.#perSecond / 1000;
    const most = Math.max(1, perMs * REPLACEMENT_BURST_MS);
    this.#replacements = Math.min(most, this.#replacements + Math.max(0, nowMs - this.#replenishedAtMs) * perMs);
    this.#replenishedAtMs = nowMs;
  }
}
