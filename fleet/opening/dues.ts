import type { Slot } from '../protocols/protocol.ts';

/**
 * Connections that wait for the same time, each from a moment of its own, so that whoever came first is due first. Only those
 * that are opening are in it.
 */
export class Dues {
  readonly #afterMs: number;
  readonly #dueAtMs = new Map<Slot, number>();
  /** Nobody is due before. */
  #earliestMs = Number.POSITIVE_INFINITY;

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  add(slot: Slot, nowMs: number): void {
    const dueAtMs = nowMs + this.#afterMs;
    this.#dueAtMs.set(slot, dueAtMs);
    this.#earliestMs = Math.min(this.#earliestMs, dueAtMs);
  }

  delete(slot: Slot): void {
    this.#dueAtMs.delete(slot);
  }

  /** Takes out those that are due. @returns ms until the next one may be */
  step(nowMs: number, onDue: (slot: Slot) => void): number {
    while (this.#earliestMs <= nowMs) {
      const first = this.#dueAtMs.entries().next();
      if (first.done) {
        this.#earliestMs = Number.POSITIVE_INFINITY;
        break;
      }
      const [slot, dueAtMs] = first.value;
      this.#earliestMs = dueAtMs;
      if (dueAtMs > nowMs) break;
      this.#dueAtMs.delete(slot);
      onDue(slot);
    }
    return Math.max(0, this.#earliestMs - nowMs);
  }
}
