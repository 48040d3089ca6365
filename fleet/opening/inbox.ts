import { Gathered } from '../protocols/gathered.ts';
import type { Slot } from '../protocols/protocol.ts';

/** So much of one message is looked at; of what is longer, the beginning. */
export const LOOKED_AT_BYTES = 65_536;
/** Messages that have come in part may take so much, all together. */
export const MOST_HELD_BYTES = 16 * 2 ** 20;

export const TOO_MANY_HELD = `messages that have come in part take more than ${MOST_HELD_BYTES} bytes together`;

/** Finds where messages end in what comes. */
export interface Cutting {
  /**
   * @param held what has come of the message before
   * @param isLast the frame that the bytes are of ends a message
   * @returns the index in `bytes` behind the message and what ends it; -1 when that hasn't come yet
   */
  endIn(held: Uint8Array, bytes: Buffer, from: number, isLast: boolean): number;
  /** How many bytes at the end of a whole message are but its end. */
  endBytes(message: Uint8Array): number;
  /** So many bytes before a read may be a part of the end. */
  readonly tailBytes: number;
}

/** Frames say themselves where a message ends. */
export const FRAMES: Cutting = {
  endIn: (_held, bytes, _from, isLast) => (isLast ? bytes.length : -1),
  endBytes: () => 0,
  tailBytes: 0,
};

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Messages of a stream that ends each by the same bytes. A line may end in CR LF. */
export function cutBy(end: Uint8Array): Cutting {
  const tailBytes = end.length - 1;
  const isLines = end.length === 1 && end[0] === LINE_FEED;
  return {
    endIn(held, bytes, from) {
      const tail = lastOf(held, tailBytes);
      if (tail.length > 0) {
        const across = Buffer.concat([tail, bytes.subarray(from, from + tailBytes)]).indexOf(end);
        if (across >= 0) return from + across + end.length - tail.length;
      }
      const at = bytes.indexOf(end, from);
      return at < 0 ? -1 : at + end.length;
    },
    endBytes: (message) => (isLines && message.at(-2) === CARRIAGE_RETURN ? 2 : end.length),
    tailBytes,
  };
}

/**
 * Whole messages out of what comes in any pieces. Only a message that is in pieces is kept, up to {@link LOOKED_AT_BYTES}.
 * The beginning of a longer one is given away as soon as that is there, and the rest is read over.
 */
export class Inbox {
  readonly #cutting: Cutting;
  readonly #gathered = new Gathered(LOOKED_AT_BYTES);
  /** Their message has been given away, and its end hasn't come. */
  readonly #passing = new Set<Slot>();
  /** What the last {@link take} found; valid until the next one, and as long as the bytes are. */
  message: Buffer | undefined;
  /** Whether that is all of it. */
  isWhole = true;

  constructor(cutting: Cutting) {
    this.#cutting = cutting;
  }

  /** What is kept takes more than it may: the connection that has just added to it can't be kept. */
  get isFull(): boolean {
    return this.#gathered.heldBytes > MOST_HELD_BYTES;
  }

  /** Reads up to the end of the message under way. @returns the index behind what was read */
  take(slot: Slot, bytes: Buffer, from: number, isLast: boolean): number {
    const held = this.#gathered.view(slot);
    const end = this.#cutting.endIn(held, bytes, from, isLast);
    const to = end < 0 ? bytes.length : end;
    this.message = undefined;
    if (this.#passing.has(slot)) this.#pass(slot, bytes.subarray(from, to), end >= 0);
    else if (held.length + to - from > LOOKED_AT_BYTES) this.#giveBeginning(slot, bytes.subarray(from, to), end >= 0);
    else if (end < 0) this.#gathered.add(slot, bytes.subarray(from, to));
    else this.#give(slot, held, bytes.subarray(from, to));
    return to;
  }

  forget(slot: Slot): void {
    this.#gathered.delete(slot);
    if (this.#passing.size > 0) this.#passing.delete(slot);
  }

  #give(slot: Slot, held: Uint8Array, piece: Buffer): void {
    const whole = held.length === 0 ? piece : this.#gathered.take(slot, piece);
    this.message = whole.subarray(0, whole.length - this.#cutting.endBytes(whole));
    this.isWhole = true;
  }

  #giveBeginning(slot: Slot, piece: Buffer, isEnd: boolean): void {
    const tail = this.#tailOf(slot, piece);
    this.message = this.#gathered.take(slot, piece.subarray(0, LOOKED_AT_BYTES)).subarray(0, LOOKED_AT_BYTES);
    this.isWhole = false;
    if (isEnd) return;
    this.#passing.add(slot);
    this.#keep(slot, tail);
  }

  #pass(slot: Slot, piece: Buffer, isEnd: boolean): void {
    const tail = this.#tailOf(slot, piece);
    this.#gathered.delete(slot);
    if (isEnd) this.#passing.delete(slot);
    else this.#keep(slot, tail);
  }

  /** The last bytes of what has come, which may be a part of the end. */
  #tailOf(slot: Slot, piece: Buffer): Buffer {
    const { tailBytes } = this.#cutting;
    const both = Buffer.concat([lastOf(this.#gathered.view(slot), tailBytes), lastOf(piece, tailBytes)]);
    return Buffer.from(lastOf(both, tailBytes));
  }

  #keep(slot: Slot, tail: Buffer): void {
    if (tail.length > 0) this.#gathered.add(slot, tail);
  }
}

const lastOf = (bytes: Uint8Array, count: number): Uint8Array => bytes.subarray(Math.max(0, bytes.length - count));
