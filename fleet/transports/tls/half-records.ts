import type { Slot } from '../../protocols/protocol.ts';

/** What all of them together may take: some thousands of whole records. */
const MOST_HELD_BYTES = 128 * 2 ** 20;

/** The least that is taken for one, and how many of each size are kept for the next ones. */
const LEAST_BYTES = 64;
const MOST_FREE = 16;

interface Half {
  readonly room: Uint8Array;
  length: number;
}

/** What has come of records that aren't whole yet, by slot. Memory of those that became whole is used again. */
export class HalfRecords {
  readonly #halves = new Map<Slot, Half>();
  /** By the binary logarithm of their size. */
  readonly #free: Uint8Array[][] = [];
  readonly #mostBytes: number;
  #heldBytes = 0;

  /** @param mostBytes all may take together */
  constructor(mostBytes = MOST_HELD_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** What all of them take. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** They take more than they may: the connection that has just added to them can't be kept. */
  get areTooMany(): boolean {
    return this.#heldBytes > this.#mostBytes;
  }

  /** For people. */
  get tooMany(): string {
    return `records that have come in part take more than ${this.#mostBytes} bytes together`;
  }

  /** What has come of the slot's record; undefined: nothing. Valid until the next call. */
  get(slot: Slot): Uint8Array | undefined {
    const half = this.#halves.get(slot);
    return half?.room.subarray(0, half.length);
  }

  /** Keeps a copy behind what has come before. */
  add(slot: Slot, piece: Uint8Array): void {
    let half = this.#halves.get(slot);
    const length = (half?.length ?? 0) + piece.length;
    if (half === undefined || half.room.length < length) {
      const room = this.#take(length);
      if (half !== undefined) {
        room.set(half.room.subarray(0, half.length));
        this.#giveBack(half.room);
      }
      half = { room, length: half?.length ?? 0 };
      this.#halves.set(slot, half);
    }
    half.room.set(piece, half.length);
    half.length = length;
  }

  delete(slot: Slot): void {
    if (this.#halves.size === 0) return;
    const half = this.#halves.get(slot);
    if (half === undefined) return;
    this.#halves.delete(slot);
    this.#giveBack(half.room);
  }

  #take(length: number): Uint8Array {
    const size = sizeClass(length);
    this.#heldBytes += 2 ** size;
    return this.#free[size]?.pop() ?? new Uint8Array(2 ** size);
  }

  #giveBack(room: Uint8Array): void {
    this.#heldBytes -= room.length;
    this.#free[sizeClass(room.length)] ??= [];
    const free = this.#free[sizeClass(room.length)]!;
    if (free.length < MOST_FREE) free.push(room);
  }
}

const sizeClass = (length: number): number => 32 - Math.clz32(Math.max(LEAST_BYTES, length) - 1);
