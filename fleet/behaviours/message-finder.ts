import type { Slot } from '../protocols/protocol.ts';
import { beginningOf, MARK_BYTES, readMark, type TimeMark } from './time-mark.ts';

/** Finds messages in what connections receive, in whatever pieces and among whatever words they come. */
export interface MessageFinder {
  /** @param last the piece ends a message of the protocol */
  read(slot: Slot, piece: Uint8Array, last: boolean): void;
  forget(slot: Slot): void;
}

/** What messages of a run have in common. */
export interface MarkedShape {
  /** Length of each, mark included. */
  readonly length: number;
  readonly run: number;
  /** No message was planned before. */
  readonly earliestMs: number;
}

/** A message of which some is still to come. */
interface Begun {
  /** Its beginning, while that is no whole mark. */
  readonly head: Uint8Array;
  mark: TimeMark | undefined;
  leftBytes: number;
}

const NOTHING = new Uint8Array(0);

/**
 * Messages by their marks (see time-mark.ts), which may stand anywhere in what a server says: it may put them into JSON. One is
 * there when as many bytes have come behind its beginning as it has, or when the protocol's message ends. Only where one is in
 * pieces something is kept of it.
 *
 * @param found with the moment that {@link readMark} was told
 */
export function findMarks(
  { length, run, earliestMs }: MarkedShape,
  now: () => number,
  found: (slot: Slot, mark: TimeMark, nowMs: number) => void,
): MessageFinder {
  const beginning = beginningOf(run);
  const begun = new Map<Slot, Begun>();
  /** Where the last one stood in its piece: so does the next one, as a rule. */
  let usualAt = 0;

  function read(slot: Slot, piece: Uint8Array, last: boolean): void {
    const nowMs = now();
    if (begun.size > 0 && begun.has(slot)) goOn(slot, piece, last, nowMs);
    else search(slot, piece, 0, last, nowMs);
  }

  function search(slot: Slot, piece: Uint8Array, from: number, last: boolean, nowMs: number): void {
    for (let at = beginsAt(piece, from + usualAt) ? from + usualAt : nextBeginning(piece, from); at >= 0; ) {
      const mark = at + MARK_BYTES <= piece.length ? readMark(piece, at, run, earliestMs, nowMs) : undefined;
      if (mark === undefined && at + MARK_BYTES <= piece.length) {
        at = nextBeginning(piece, at + 1);
        continue;
      }
      const end = at + length;
      if (mark !== undefined && (end <= piece.length || last)) {
        // Further behind it another one might begin before.
        if (from === 0) usualAt = at < length ? at : 0;
        found(slot, mark, nowMs);
        if (end >= piece.length) return;
        search(slot, piece, end, last, nowMs);
        return;
      }
      if (!last) begin(slot, piece.subarray(at), mark);
      return;
    }
  }

  function begin(slot: Slot, rest: Uint8Array, mark: TimeMark | undefined): void {
    begun.set(slot, { head: mark ? NOTHING : Uint8Array.from(rest), mark, leftBytes: length - rest.length });
  }

  function goOn(slot: Slot, piece: Uint8Array, last: boolean, nowMs: number): void {
    const one = begun.get(slot)!;
    if (one.mark === undefined) {
      begun.delete(slot);
      search(slot, Buffer.concat([one.head, piece]), 0, last, nowMs);
      return;
    }
    if (piece.length < one.leftBytes && !last) {
      one.leftBytes -= piece.length;
      return;
    }
    begun.delete(slot);
    found(slot, one.mark, nowMs);
    if (one.leftBytes < piece.length) search(slot, piece, one.leftBytes, last, nowMs);
  }

  const [first, second, third] = beginning as unknown as [number, number, number];
  const beginsAt = (piece: Uint8Array, at: number): boolean =>
    piece[at] === first && piece[at + 1] === second && piece[at + 2] === third;

  /** Where a mark may begin; at the very end as much of its beginning as is there has to agree. */
  function nextBeginning(piece: Uint8Array, from: number): number {
    for (let at = piece.indexOf(first, from); at >= 0; at = piece.indexOf(first, at + 1)) {
      const isSame = (i: number): boolean => at + i >= piece.length || piece[at + i] === beginning[i];
      if (isSame(1) && isSame(2)) return at;
    }
    return -1;
  }

  return { read, forget: (slot) => void (begun.size > 0 && begun.delete(slot)) };
}

/** More of a message than this is not kept to find a number in. */
const MOST_KEPT_BYTES = 64;
/** So many digits at the most are a number; of a longer one the last ones count. */
const MOST_DIGITS = 9;
const [ZERO, NINE] = [48, 57];

/**
 * Messages that a server numbers by itself: the digits behind some characters of its own. A number is there when something follows
 * it, or when the protocol's message ends.
 */
export function findNumbers(
  after: Uint8Array,
  now: () => number,
  found: (slot: Slot, number: number, nowMs: number) => void,
): MessageFinder {
  /** Ends of pieces in which a number may begin. */
  const tails = new Map<Slot, Buffer>();

  return {
    read(slot, piece, last) {
      const tail = tails.size > 0 ? tails.get(slot) : undefined;
      if (tail) tails.delete(slot);
      const bytes = tail ? Buffer.concat([tail, piece]) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      let from = 0;
      for (let at = bytes.indexOf(after); at >= 0; at = bytes.indexOf(after, from)) {
        const begin = at + after.length;
        let end = begin;
        while (end < bytes.length && bytes[end]! >= ZERO && bytes[end]! <= NINE) end++;
        if (end === bytes.length && !last) {
          from = at;
          break;
        }
        from = end;
        if (end > begin) found(slot, Number(bytes.toString('latin1', Math.max(begin, end - MOST_DIGITS), end)), now());
      }
      if (last || from >= bytes.length) return;
      const keptFrom = Math.max(from, bytes.length - MOST_KEPT_BYTES - after.length);
      const rest = bytes.subarray(keptFrom);
      // Only where the characters, or a part of them, may stand at the end.
      if (rest.indexOf(after) >= 0 || mayBegin(rest, after)) tails.set(slot, Buffer.from(rest));
    },
    forget: (slot) => void (tails.size > 0 && tails.delete(slot)),
  };
}

function mayBegin(bytes: Buffer, after: Uint8Array): boolean {
  for (let length = Math.min(after.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(after.subarray(0, length))) return true;
  }
  return false;
}
