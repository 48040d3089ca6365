import type { Slot } from '../protocols/protocol.ts';

const NOBODY = -1;
const FIRST_BYTES = 4096;

/** Gathers what one connection sends within a call, so that it leaves in one segment. */
export class Cork {
  #slot: Slot = NOBODY;
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** What this one sends is gathered from now on. One at a time: calls don't nest. */
  put(slot: Slot): void {
    this.#slot = slot;
    this.#length = 0;
  }

  /** @returns false when it isn't gathered: it is for the caller to send */
  take(slot: Slot, bytes: Uint8Array): boolean {
    if (slot !== this.#slot) return false;
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
    return true;
  }

  /** Ends the gathering. @returns what there is, valid until the next {@link put} */
  pull(slot: Slot): Uint8Array {
    if (slot !== this.#slot) return NOTHING;
    this.#slot = NOBODY;
    return this.#bytes.subarray(0, this.#length);
  }

  /** The connection is gone, and what it had to say with it. */
  drop(slot: Slot): void {
    if (slot === this.#slot) this.#slot = NOBODY;
  }
}

const NOTHING = new Uint8Array(0);
