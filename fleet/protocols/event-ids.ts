import type { Slot } from './protocol.ts';

/** Longer ids aren't kept: a UUID has 36 bytes, and a stream of Redis fewer. */
export const MOST_ID_BYTES = 47;
const PLACE_BYTES = MOST_ID_BYTES + 1;

/**
 * The last event id of each stream, and those of streams that have ended, until an attempt takes one up. Each has a place of
 * 48 bytes, with its length in the first. Places that nobody writes to take no memory.
 */
export class EventIds {
  readonly #slots: number;
  readonly #current: Uint8Array;
  /** A ring: those that wait, the oldest first. There can't be more of them than slots that had one. */
  readonly #waiting: Uint8Array;
  #first = 0;
  #count = 0;

  constructor(slots: number) {
    this.#slots = slots;
    this.#current = new Uint8Array(slots * PLACE_BYTES);
    this.#waiting = new Uint8Array(slots * PLACE_BYTES);
  }

  /** @param id empty: it has none any more, as after one that is too long */
  set(slot: Slot, id: Uint8Array): void {
    const at = slot * PLACE_BYTES;
    if (id.length === 0 && this.#current[at] === 0) return;
    this.#current[at] = id.length;
    this.#current.set(id, at + 1);
  }

  clear(slot: Slot): void {
    const at = slot * PLACE_BYTES;
    if (this.#current[at] !== 0) this.#current[at] = 0;
  }

  /** The stream has ended, and another is to go on where it was. With all places taken its id is forgotten. */
  leave(slot: Slot): void {
    const at = slot * PLACE_BYTES;
    if (this.#current[at] === 0) return;
    if (this.#count < this.#slots) {
      const to = ((this.#first + this.#count) % this.#slots) * PLACE_BYTES;
      this.#waiting.set(this.#current.subarray(at, at + PLACE_BYTES), to);
      this.#count += 1;
    }
    this.#current[at] = 0;
  }

  /** Goes on where the stream was that ended first of those that wait. @returns its id; undefined where none waits */
  take(slot: Slot): Uint8Array | undefined {
    if (this.#count === 0) return undefined;
    const from = this.#first * PLACE_BYTES;
    const place = this.#waiting.subarray(from, from + PLACE_BYTES);
    this.#first = (this.#first + 1) % this.#slots;
    this.#count -= 1;
    this.#current.set(place, slot * PLACE_BYTES);
    return place.subarray(1, 1 + place[0]!);
  }
}
