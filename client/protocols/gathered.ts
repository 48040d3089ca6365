import type { Slot } from './protocol.ts';

interface Gathering {
  /** As large as it had to be so far; what is beyond `length` isn't used yet. */
  bytes: Uint8Array;
  length: number;
}

/**
 * Messages of many connections that come in pieces, each gathered in one buffer that grows: a message of one-byte
 * fragments takes twice its length at the most, not a piece of memory for each.
 */
export class Gathered {
  readonly #gatherings = new Map<Slot, Gathering>();
  readonly #mostEachBytes: number;
  #heldBytes = 0;

  /** @param mostEachBytes of one message; more is never added */
  constructor(mostEachBytes: number) {
    this.#mostEachBytes = mostEachBytes;
  }

  /** What all of them take. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Keeps a copy. */
  add(slot: Slot, piece: Uint8Array): void {
    const gathering = this.#gatherings.get(slot) ?? { bytes: new Uint8Array(0), length: 0 };
    const { bytes, length } = gathering;
    if (length + piece.length > bytes.length) {
      const grown = new Uint8Array(Math.max(length + piece.length, Math.min(2 * length, this.#mostEachBytes)));
      grown.set(bytes.subarray(0, length));
      gathering.bytes = grown;
      this.#heldBytes += grown.length - bytes.length;
      this.#gatherings.set(slot, gathering);
    }
    gathering.bytes.set(piece, length);
    gathering.length += piece.length;
  }

  /** What has come of the slot's message, which is forgotten. */
  take(slot: Slot): Uint8Array {
    const gathering = this.#gatherings.get(slot);
    this.delete(slot);
    return gathering ? gathering.bytes.subarray(0, gathering.length) : new Uint8Array(0);
  }

  delete(slot: Slot): void {
    this.#heldBytes -= this.#gatherings.get(slot)?.bytes.length ?? 0;
    this.#gatherings.delete(slot);
  }

  /** The slot that takes most; undefined when nothing is gathered. */
  largest(): Slot | undefined {
    let largest: Slot | undefined;
    let mostBytes = 0;
    for (const [slot, { bytes }] of this.#gatherings) {
      if (bytes.length > mostBytes) [largest, mostBytes] = [slot, bytes.length];
    }
    return largest;
  }
}
