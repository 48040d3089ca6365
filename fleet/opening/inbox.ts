import { Gathered } from '../protocols/gathered.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { Codec } from './codecs/codec.ts';

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
   * @returns the index in `bytes` behind the message and what ends it, which may lie beyond what has come; else
   *   {@link UNKNOWN_END} or {@link NO_END}
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

/** In place of where a message ends: nobody knows yet; it can't become a message. */
export const UNKNOWN_END = -1;
export const NO_END = -2;

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

/** Packets tell at their beginning how long they are. */
export function cutByCodec({ headBytes, lengthOf }: Pick<Codec, 'headBytes' | 'lengthOf'>): Cutting {
  return {
    endIn(held, bytes, from) {
      const news = bytes.subarray(from, from + headBytes);
      const length = lengthOf(held.length === 0 ? news : Buffer.concat([held.subarray(0, headBytes), news]));
      if (length < 0) return NO_END;
      return length === 0 ? UNKNOWN_END : from + length - held.length;
    },
    endBytes: () => 0,
    tailBytes: 0,
  };
}

/**
 * Whole messages out of what comes in any pieces. Only a message that is in pieces is kept, up to {@link LOOKED_AT_BYTES}.
 * The beginning of a longer one is given away as soon as that is there, and the rest is read over.
 */
export class Inbox {
  readonly #cutting: Cutting;
  readonly #gathered = new Gathered(LOOKED_AT_BYTES);
  /** Their message has been given away; and how much of it has yet to come, where that is known. */
  readonly #passing = new Map<Slot, number>();
  /** What the last {@link take} found; valid until the next one, and as long as the bytes are. */
  message: Buffer | undefined;
  /** Whether that is all of it. */
  isWhole = true;
  /** What it read over: more of a message whose beginning is, or was, given away. */
  passed: Buffer | undefined;
  /** Whether that is the last of it. */
  isPassedLast = false;
  /** What has come, which is in {@link message} then, can't become a message. */
  isBroken = false;

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
    const left = this.#passing.size === 0 ? undefined : this.#passing.get(slot);
    const isKnown = left !== undefined && left !== UNKNOWN_END;
    const end = isKnown ? from + left : this.#cutting.endIn(held, bytes, from, isLast);
    const isEnd = end >= 0 && end <= bytes.length;
    const to = isEnd ? end : bytes.length;
    const leftLater = end < 0 ? UNKNOWN_END : end - bytes.length;
    const piece = bytes.subarray(from, to);
    this.message = undefined;
    this.passed = undefined;
    this.isBroken = end === NO_END;
    if (this.isBroken) this.message = this.#gathered.take(slot, piece);
    else if (left !== undefined) this.#pass(slot, piece, isEnd, leftLater);
    else if (held.length + piece.length > LOOKED_AT_BYTES) this.#giveBeginning(slot, piece, isEnd, leftLater);
    else if (isEnd) this.#give(slot, held, piece);
    else this.#gathered.add(slot, piece);
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

  #giveBeginning(slot: Slot, piece: Buffer, isEnd: boolean, left: number): void {
    const tail = this.#tailOf(slot, piece);
    this.passed = piece.subarray(LOOKED_AT_BYTES - this.#gathered.view(slot).length);
    this.isPassedLast = isEnd;
    this.message = this.#gathered.take(slot, piece.subarray(0, LOOKED_AT_BYTES)).subarray(0, LOOKED_AT_BYTES);
    this.isWhole = false;
    if (!isEnd) this.#keep(slot, tail, left);
  }

  #pass(slot: Slot, piece: Buffer, isEnd: boolean, left: number): void {
    const tail = this.#tailOf(slot, piece);
    this.#gathered.delete(slot);
    this.passed = piece;
    this.isPassedLast = isEnd;
    if (isEnd) this.#passing.delete(slot);
    else this.#keep(slot, tail, left);
  }

  /** The last bytes of what has come, which may be a part of the end. */
  #tailOf(slot: Slot, piece: Buffer): Buffer {
    const { tailBytes } = this.#cutting;
    const both = Buffer.concat([lastOf(this.#gathered.view(slot), tailBytes), lastOf(piece, tailBytes)]);
    return Buffer.from(lastOf(both, tailBytes));
  }

  #keep(slot: Slot, tail: Buffer, left: number): void {
    this.#passing.set(slot, left);
    if (tail.length > 0) this.#gathered.add(slot, tail);
  }
}

const lastOf = (bytes: Uint8Array, count: number): Uint8Array => bytes.subarray(Math.max(0, bytes.length - count));
