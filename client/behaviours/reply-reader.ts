import type { Slot } from '../protocols/protocol.ts';
import { MARK_BYTES, readMark, type TimeMark } from './time-mark.ts';

/**
 * Finds replies, by the marks at their heads, in a stream that comes in any pieces. Replies are as long as messages: tcp
 * has no other mark of where one ends. Whatever else a server says between them (a greeting, a note) is passed over.
 */
export class ReplyReader {
  readonly #length: number;
  readonly #earliestMs: number;
  /** Bytes of the current reply that have come, for each slot. */
  readonly #offsets: Uint32Array;
  /** Heads of replies that come in pieces. */
  readonly #heads = new Map<Slot, Uint8Array>();

  /** @param earliestMs no message was planned before */
  constructor(slots: number, length: number, earliestMs: number) {
    this.#length = length;
    this.#earliestMs = earliestMs;
    this.#offsets = new Uint32Array(slots);
  }

  read(slot: Slot, piece: Uint8Array, nowMs: number, found: (mark: TimeMark) => void): void {
    const length = this.#length;
    for (let at = 0; at < piece.length; ) {
      const isWhole = this.#offsets[slot] === 0 && piece.length - at >= length;
      const mark = isWhole ? readMark(piece, at, this.#earliestMs, nowMs) : undefined;
      if (!mark) {
        at = this.#readPiece(slot, piece, at, nowMs, found);
        continue;
      }
      at += length;
      found(mark);
    }
  }

  forget(slot: Slot): void {
    this.#offsets[slot] = 0;
    this.#heads.delete(slot);
  }

  /** Up to the end of the head that is being read, or of the reply. @returns where it stopped */
  #readPiece(slot: Slot, piece: Uint8Array, at: number, nowMs: number, found: (mark: TimeMark) => void): number {
    const offset = this.#offsets[slot]!;
    const stop = offset < MARK_BYTES ? MARK_BYTES : this.#length;
    const next = Math.min(piece.length, at + stop - offset);
    let head = this.#heads.get(slot);
    if (!head) {
      head = new Uint8Array(MARK_BYTES);
      this.#heads.set(slot, head);
    }
    if (offset < MARK_BYTES) head.set(piece.subarray(at, next), offset);
    let came = offset + next - at;
    if (came === MARK_BYTES && !readMark(head, 0, this.#earliestMs, nowMs)) {
      // It may begin with the next byte.
      head.copyWithin(0, 1);
      came--;
    }
    this.#offsets[slot] = came;
    if (came < this.#length) return next;
    const mark = readMark(head, 0, this.#earliestMs, nowMs);
    this.forget(slot);
    if (mark) found(mark);
    return next;
  }
}
