import type { Slot } from '../protocols/protocol.ts';

/** No slot. */
export const NONE = -1;

/** Slots in the order in which they were added, each once at most; any of them may leave. 8 bytes for a slot. */
export class SlotQueue {
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  #first: Slot = NONE;
  #last: Slot = NONE;

  constructor(slots: number) {
    this.#before = new Int32Array(slots);
    this.#after = new Int32Array(slots);
  }

  /** The one that has been there the longest; {@link NONE} when it is empty. */
  get first(): Slot {
    return this.#first;
  }

  /** One that isn't there yet. */
  add(slot: Slot): void {
    this.#before[slot] = this.#last;
    this.#after[slot] = NONE;
    if (this.#last === NONE) this.#first = slot;
    else this.#after[this.#last] = slot;
    this.#last = slot;
  }

  /** One that is there. */
  remove(slot: Slot): void {
    const [before, after] = [this.#before[slot]!, this.#after[slot]!];
    if (before === NONE) this.#first = after;
    else this.#after[before] = after;
    if (after === NONE) this.#last = before;
    else this.#before[after] = before;
  }
}
