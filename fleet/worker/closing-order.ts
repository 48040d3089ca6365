import type { Slot } from '../protocols/protocol.ts';
import type { AccountDeps } from './account.ts';
import type { Slots } from './slots.ts';

/** Which open connection is closed next: downwards from the last slot, so that those that were opened last go first. */
export class ClosingOrder {
  readonly #slots: Slots;
  readonly #window: AccountDeps['closing'];
  readonly #begin: (slot: Slot) => void;
  #cursor = -1;

  /** @param begin begins to close one, for which there is room */
  constructor(slots: Slots, { closing }: AccountDeps, begin: (slot: Slot) => void) {
    this.#slots = slots;
    this.#window = closing;
    this.#begin = begin;
  }

  /** From the top again. */
  restart(): void {
    this.#cursor = this.#slots.capacity - 1;
  }

  /** @returns whether something has to happen before there is room for more */
  close(wanted: number): boolean {
    for (let i = 0; i < wanted; i++) {
      if (!this.#slots.hasPlace || !this.#window.enter()) return true;
      const slot = this.#next();
      if (slot < 0) {
        this.#window.leave();
        return false;
      }
      this.#begin(slot);
    }
    return false;
  }

  /** @returns an open slot; -1 when there is none */
  #next(): Slot {
    let slot = this.#slots.openAtOrBelow(this.#cursor);
    // Those that were still opening when the cursor passed them are above it.
    if (slot < 0) slot = this.#slots.openAtOrBelow(this.#slots.capacity - 1);
    this.#cursor = slot - 1;
    return slot;
  }
}
