import type { Slot } from './protocol.ts';

interface Gathering {
  /** As large as it had to be so far; what is beyond `length` isn't used yet. */
  bytes: Uint8Array<ArrayBuffer>;
  length: number;
}

/**
 * Up to this a buffer that has to grow is replaced by one of twice the size. Beyond it grows in place, and is given back the
 * moment it isn't needed: garbage of many MiB would lie about until it is collected.
 */
const SMALL_BYTES = 65_536;
const STEP_BYTES = 262_144;
const NOTHING = new Uint8Array(0);

/**
 * Messages of many connections that come in pieces, each gathered in one buffer: a message of one-byte fragments takes
 * about its length, not a piece of memory for each.
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
    let gathering = this.#gatherings.get(slot);
    if (!gathering) {
      gathering = { bytes: new Uint8Array(0), length: 0 };
      this.#gatherings.set(slot, gathering);
    }
    const length = gathering.length + piece.length;
    if (length > gathering.bytes.length) this.#grow(gathering, length);
    gathering.bytes.set(piece, gathering.length);
    gathering.length = length;
  }

  /** What has come of the slot's message; only valid until the next call. */
  view(slot: Slot): Uint8Array {
    const gathering = this.#gatherings.size === 0 ? undefined : this.#gatherings.get(slot);
    return gathering === undefined ? NOTHING : gathering.bytes.subarray(0, gathering.length);
  }

  /** A copy of what has come of the slot's message, with this behind it; the message is forgotten. */
  take(slot: Slot, ...more: Uint8Array[]): Buffer {
    const { bytes, length } = this.#gatherings.get(slot) ?? { bytes: new Uint8Array(0), length: 0 };
    const whole = Buffer.concat([bytes.subarray(0, length), ...more]);
    this.delete(slot);
    return whole;
  }

  delete(slot: Slot): void {
    const gathering = this.#gatherings.get(slot);
    if (!gathering) return;
    this.#heldBytes -= gathering.bytes.length;
    this.#gatherings.delete(slot);
    if (gathering.bytes.buffer.resizable) gathering.bytes.buffer.resize(0);
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

  #grow(gathering: Gathering, neededBytes: number): void {
    const before = gathering.bytes;
    const beforeBytes = before.length;
    const most = Math.max(neededBytes, this.#mostEachBytes);
    if (before.buffer.resizable) {
      before.buffer.resize(Math.min(most, neededBytes + STEP_BYTES));
    } else {
      const isSmall = neededBytes <= SMALL_BYTES;
      const size = Math.min(most, isSmall ? Math.max(neededBytes, 2 * gathering.length) : neededBytes + STEP_BYTES);
      gathering.bytes = new Uint8Array(
        isSmall ? new ArrayBuffer(size) : new ArrayBuffer(size, { maxByteLength: most }),
      );
      gathering.bytes.set(before.subarray(0, gathering.length));
    }
    this.#heldBytes += gathering.bytes.length - beforeBytes;
  }
}
