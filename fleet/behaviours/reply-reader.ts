import type { Slot } from '../protocols/protocol.ts';
import { beginningOf, MARK_BYTES, readMark, type TimeMark } from './time-mark.ts';

/** What a run's messages have in common. */
export interface MessageShape {
  /** Length of each, mark included, in bytes. */
  readonly length: number;
  readonly run: number;
  /** No message was planned before. */
  readonly earliestMs: number;
}

/**
 * Finds messages of the run, by the marks at their heads, in a stream that comes in any pieces. What comes back is as
 * long as what was sent: tcp has no other mark of where one ends. Whatever else a server says between them (a greeting, a
 * note) is passed over. A server that hands on what it reads as it comes may put one message into the middle of another:
 * the one that is cut counts where the other begins.
 */
export class ReplyReader {
  readonly #shape: MessageShape;
  readonly #beginning: Uint8Array;
  readonly #found: (slot: Slot, mark: TimeMark, nowMs: number) => void;
  /** Bytes of the current message that have come, for each slot. */
  readonly #came: Uint32Array;
  /** Heads of messages that come in pieces. */
  readonly #heads = new Map<Slot, Uint8Array>();

  /** @param found called once for each message, when the last of it is there */
  constructor(slots: number, shape: MessageShape, found: (slot: Slot, mark: TimeMark, nowMs: number) => void) {
    this.#shape = shape;
    this.#beginning = beginningOf(shape.run);
    this.#found = found;
    this.#came = new Uint32Array(slots);
  }

  read(slot: Slot, piece: Uint8Array, nowMs: number): void {
    for (let at = 0; at < piece.length; ) {
      const came = this.#came[slot]!;
      if (came === 0) at = this.#begin(slot, piece, at, nowMs);
      else if (came < MARK_BYTES) at = this.#readHead(slot, piece, at, nowMs);
      else at = this.#readBody(slot, piece, at, nowMs);
    }
  }

  forget(slot: Slot): void {
    this.#came[slot] = 0;
    this.#heads.delete(slot);
  }

  // Each goes on from `at`, and returns where it stopped.

  /** Between two messages. */
  #begin(slot: Slot, piece: Uint8Array, at: number, nowMs: number): number {
    const first = this.#beginning[0]!;
    const start = piece[at] === first ? at : piece.indexOf(first, at);
    if (start < 0) return piece.length;
    const headEnd = Math.min(piece.length, start + MARK_BYTES);
    const mark = headEnd - start === MARK_BYTES ? this.#markIn(piece, start, nowMs) : undefined;
    if (!mark && headEnd < piece.length) return start + 1;
    const end = start + this.#shape.length;
    if (mark && end <= piece.length) {
      const next = this.#nextIn(piece, headEnd, end);
      this.#found(slot, mark, nowMs);
      return next;
    }
    const head = new Uint8Array(MARK_BYTES);
    head.set(piece.subarray(start, headEnd));
    this.#heads.set(slot, head);
    this.#came[slot] = headEnd - start;
    if (headEnd - start === MARK_BYTES && !mark) this.#shift(slot, head);
    return headEnd;
  }

  #readHead(slot: Slot, piece: Uint8Array, at: number, nowMs: number): number {
    const head = this.#heads.get(slot)!;
    const came = this.#came[slot]!;
    const next = Math.min(piece.length, at + MARK_BYTES - came);
    head.set(piece.subarray(at, next), came);
    this.#came[slot] = came + next - at;
    if (came + next - at < MARK_BYTES) return next;
    const mark = this.#markIn(head, 0, nowMs);
    if (!mark) this.#shift(slot, head);
    else if (this.#shape.length === MARK_BYTES) this.#finish(slot, mark, nowMs);
    return next;
  }

  #readBody(slot: Slot, piece: Uint8Array, at: number, nowMs: number): number {
    const left = this.#shape.length - this.#came[slot]!;
    const end = Math.min(piece.length, at + left);
    const next = this.#nextIn(piece, at, end);
    if (next === end && end - at < left) this.#came[slot] = this.#came[slot]! + end - at;
    else this.#finish(slot, this.#markIn(this.#heads.get(slot)!, 0, nowMs)!, nowMs);
    return next;
  }

  /** What was taken for a head is none; a head may begin within it. */
  #shift(slot: Slot, head: Uint8Array): void {
    const start = head.indexOf(this.#beginning[0]!, 1);
    if (start < 0) {
      this.forget(slot);
      return;
    }
    head.copyWithin(0, start);
    this.#came[slot] = MARK_BYTES - start;
  }

  #finish(slot: Slot, mark: TimeMark, nowMs: number): void {
    this.forget(slot);
    this.#found(slot, mark, nowMs);
  }

  #markIn(bytes: Uint8Array, at: number, nowMs: number): TimeMark | undefined {
    const { run, earliestMs } = this.#shape;
    return readMark(bytes, at, run, earliestMs, nowMs);
  }

  /** Where another message begins before `end`, as far as can be seen; else `end`. */
  #nextIn(piece: Uint8Array, from: number, end: number): number {
    const beginning = this.#beginning;
    for (let at = from; at < end; at++) {
      at = piece.indexOf(beginning[0]!, at);
      if (at < 0 || at >= end) break;
      const seen = Math.min(beginning.length, piece.length - at);
      let same = 1;
      while (same < seen && piece[at + same] === beginning[same]) same++;
      if (same === seen) return at;
    }
    return end;
  }
}
