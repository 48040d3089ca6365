import type { Slot } from '../protocols/protocol.ts';

/** Said in one step at the most: the sockets want a turn, too. */
const MOST_AT_ONCE = 1000;
/** What is due meanwhile is said together: so a rule wakes its worker a hundred times a second at the most. */
const GRAIN_MS = 10;
/** Slots of which there are a few lie next to each other: they are visited in steps of this part of all, far apart. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Passes all slots once in `everyMs`, evenly, each always at the same moment of the period. So a connection is visited
 * within one period after it opened, and then once in each, however many open and close meanwhile. Nothing is kept for a
 * slot.
 */
export class Round {
  readonly #everyMs: number;
  readonly #slots: number;
  readonly #stride: number;
  #startedAtMs: number | undefined;
  /** Visits since it started. */
  #passed = 0;
  #slot: Slot = 0;

  constructor(everyMs: number, slots: number) {
    this.#everyMs = everyMs;
    this.#slots = slots;
    this.#stride = strideOf(slots);
  }

  /** Visits the slots that are due. @param visit whether something was said @returns ms until it should be called again */
  step(nowMs: number, visit: (slot: Slot) => boolean): number {
    this.#startedAtMs ??= nowMs;
    const due = Math.floor(((nowMs - this.#startedAtMs) * this.#slots) / this.#everyMs);
    // After a pause (a suspended machine) everybody is visited once, not as often as was missed.
    if (due - this.#passed > this.#slots) this.#skip(due - this.#passed - this.#slots);
    for (let said = 0; this.#passed < due && said < MOST_AT_ONCE; this.#passed++) {
      const slot = this.#slot;
      this.#slot = (slot + this.#stride) % this.#slots;
      if (visit(slot)) said += 1;
    }
    if (this.#passed < due) return 0;
    const nextAtMs = this.#startedAtMs + ((this.#passed + 1) * this.#everyMs) / this.#slots;
    return Math.max(GRAIN_MS, nextAtMs - nowMs);
  }

  #skip(visits: number): void {
    this.#passed += visits;
    this.#slot = (this.#slot + (visits % this.#slots) * this.#stride) % this.#slots;
  }
}

/** So that the round meets every slot: it has no divisor in common with their number. */
function strideOf(slots: number): number {
  let stride = Math.max(1, Math.round(slots * GOLDEN));
  while (divisorOf(stride, slots) !== 1) stride += 1;
  return stride;
}

const divisorOf = (a: number, b: number): number => (b === 0 ? a : divisorOf(b, a % b));
