import type { SharedWindow } from '../local/shared.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { Slots } from './slots.ts';

/** Which open connection is closed next: downwards from the last slot, so that those that were opened last go first. */
export class ClosingOrder {
  readonly #slots: Slots;
  #cursor = -1;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** From the top again. */
  restart(): void {
    this.#cursor = this.#slots.capacity - 1;
  }

  /** @returns an open slot; -1 when there is none */
  next(): Slot {
    let slot = this.#slots.openAtOrBelow(this.#cursor);
    // Those that were still opening when the cursor passed them are above it.
    if (slot < 0) slot = this.#slots.openAtOrBelow(this.#slots.capacity - 1);
    this.#cursor = slot - 1;
    return slot;
  }

  /**
   * Closes so many, as far as the fleet's window for closes has room.
   *
   * @param begin closes an open one
   * @returns whether there was no room for all of them
   */
  closeDown(wanted: number, window: SharedWindow, begin: (slot: Slot) => void): boolean {
    for (let i = 0; i < wanted; i++) {
      if (!this.#slots.hasPlace || !window.enter()) return true;
      const slot = this.next();
      if (slot < 0) {
        window.leave();
        return false;
      }
      begin(slot);
    }
    return false;
  }
}
