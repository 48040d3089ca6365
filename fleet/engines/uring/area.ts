import type { UringCalls } from './calls.ts';

/** So much is read and written in a turn at the most; what is more waits for the next. */
const AREA_BYTES = 1 << 20;
/** In front of each piece is its length. */
const HEAD_BYTES = 4;

/**
 * Memory that reads and writes take place in. They never wait in the kernel, so all of it is free again when all that was lent has been
 * told of: no connection has a buffer.
 */
export class Area {
  readonly #bytes = new Uint8Array(AREA_BYTES);
  readonly #lengths = new Int32Array(this.#bytes.buffer);
  readonly #address: number;
  #used = 0;
  #lent = 0;

  constructor(calls: Pick<UringCalls, 'addressOf'>) {
    this.#address = calls.addressOf(this.#bytes);
  }

  /** @returns the number of a piece of so many bytes, below 2^18; −1 when there is no room */
  lend(length: number): number {
    if (length > this.room) return -1;
    const piece = this.#used / HEAD_BYTES;
    this.#lengths[piece] = length;
    this.#used += HEAD_BYTES + Math.ceil(length / HEAD_BYTES) * HEAD_BYTES;
    this.#lent++;
    return piece;
  }

  /** The most that a piece may have now. */
  get room(): number {
    return AREA_BYTES - this.#used - HEAD_BYTES;
  }

  get isLessThanHalfUsed(): boolean {
    return this.#used < AREA_BYTES / 2;
  }

  giveBack(): void {
    this.#lent--;
    if (this.#lent === 0) this.#used = 0;
  }

  write(piece: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, (piece + 1) * HEAD_BYTES);
  }

  lengthOf(piece: number): number {
    return this.#lengths[piece]!;
  }

  /** Bytes of a piece; valid until one is lent after it was given back. */
  read(piece: number, from: number, to: number): Uint8Array {
    const at = (piece + 1) * HEAD_BYTES;
    return this.#bytes.subarray(at + from, at + to);
  }

  addressOf(piece: number): number {
    return this.#address + (piece + 1) * HEAD_BYTES;
  }
}
