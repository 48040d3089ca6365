import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { Gathered } from './gathered.ts';
import type { Slot } from './protocol.ts';
import { reclaim } from './reclaim.ts';
import { CLOSE, type CloseViolation } from './ws-close.ts';
import type { DeflateTerms } from './ws-extension.ts';

/** Compresses and inflates messages of many connections; see {@link createDeflate}. */
export interface Deflate {
  /** The slot's handshake is over: its messages may be compressed on these terms, or not at all. */
  agree(slot: Slot, terms: DeflateTerms | undefined): void;
  /** Whether messages of this slot may be compressed. */
  isAgreed(slot: Slot): boolean;
  /** Payload of a compressed message. */
  compress(slot: Slot, payload: Uint8Array): Uint8Array;
  /**
   * Takes a piece of a compressed message; valid during the call.
   *
   * @returns the whole message after its last piece, or how it breaks the protocol; undefined while more has to come
   */
  inflate(slot: Slot, piece: Uint8Array, last: boolean): Uint8Array | CloseViolation | undefined;
  /** The connection is gone. */
  forget(slot: Slot): void;
}

/** Called for the connection that has to give way, and has lost what had come of its message. */
type OnOverflow = (slot: Slot, violation: CloseViolation) => void;

/** Ends what is flushed; on the wire each message goes without (RFC 7692, section 7.2.1). */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** What half-sent messages of all connections may take: one of the largest kind, and many of the usual. */
const MOST_GATHERED_BYTES = 24 * 2 ** 20;
/** Most messages inflate to less. */
const USUAL_BYTES = 262_144;
/** So much of larger ones that were inflated may wait for the garbage collector. */
const MOST_LEFT_BYTES = 24 * 2 ** 20;
const { Z_BEST_SPEED, Z_SYNC_FLUSH } = constants;

/**
 * RFC 7692, section 7.2, without a stream for each connection. Each of our messages is compressed for itself, which both
 * kinds of terms allow. Bytes that a server sends are kept only where its next message may refer to them, and only on terms
 * that let it.
 *
 * @param maxMessageBytes of one message, compressed or inflated
 * @param onOverflow half-sent messages take too much together: called for the largest
 */
export function createDeflate(slots: number, maxMessageBytes: number, onOverflow: OnOverflow): Deflate {
  /** The terms of each slot in one byte, our window's bits above the kept one's; 0: not agreed. */
  const terms = new Uint8Array(slots);
  const gathered = new Gathered(maxMessageBytes);
  /** zlib knows no limit of 0. */
  const mostBytes = Math.max(1, maxMessageBytes);
  /** The end of what a server has said so far, inflated, at the end of each. Made once, then overwritten. */
  const windows = new Map<Slot, Uint8Array>();
  /** How much of them that is; a reference to what was never said must not find zeros. */
  const saidBytes = new Uint16Array(slots);
  /** Large messages since the last collection. */
  let leftBytes = 0;

  function forget(slot: Slot): void {
    terms[slot] = 0;
    gathered.delete(slot);
    windows.delete(slot);
    saidBytes[slot] = 0;
  }

  function inflateWhole(slot: Slot, compressed: Uint8Array): Uint8Array {
    const window = windows.get(slot);
    const dictionary = window?.subarray(window.length - saidBytes[slot]!);
    const options = { ...(dictionary && { dictionary }), finishFlush: Z_SYNC_FLUSH };
    const message = inflateUsual(compressed, options) ?? inflateLarge(compressed, options);
    keep(slot, message);
    return message;
  }

  function inflateUsual(compressed: Uint8Array, options: ZlibOptions): Uint8Array | undefined {
    try {
      return inflateRawSync(compressed, { ...options, maxOutputLength: Math.min(USUAL_BYTES, mostBytes) });
    } catch (error) {
      if (isTooLarge(error) && mostBytes > USUAL_BYTES) return undefined;
      throw error;
    }
  }

  /** In one piece: by pieces of 16 KiB, as usual, a large message takes ten times as long, and leaves twice its size behind. */
  function inflateLarge(compressed: Uint8Array, options: ZlibOptions): Uint8Array {
    if (leftBytes > MOST_LEFT_BYTES) {
      reclaim();
      leftBytes = 0;
    }
    // One that turns out to be too large leaves all of it behind.
    leftBytes += mostBytes;
    const message = inflateRawSync(compressed, { ...options, maxOutputLength: mostBytes, chunkSize: mostBytes + 1 });
    leftBytes += message.length - mostBytes;
    return message;
  }

  function keep(slot: Slot, message: Uint8Array): void {
    const keptBits = terms[slot]! & 0x0f;
    if (keptBits === 0) return;
    const window = windows.get(slot) ?? new Uint8Array(2 ** keptBits);
    windows.set(slot, window);
    const end = message.subarray(-window.length);
    window.copyWithin(0, end.length);
    window.set(end, window.length - end.length);
    saidBytes[slot] = Math.min(window.length, saidBytes[slot]! + end.length);
  }

  function gather(slot: Slot, piece: Uint8Array): void {
    gathered.add(slot, piece);
    if (gathered.heldBytes <= MOST_GATHERED_BYTES) return;
    const largest = gathered.largest()!;
    gathered.delete(largest);
    const detail = `half-sent compressed messages take more than ${MOST_GATHERED_BYTES} bytes together, and this is the largest`;
    onOverflow(largest, { violation: CLOSE.tooBig, detail });
  }

  return {
    agree(slot, agreed) {
      forget(slot);
      if (agreed) terms[slot] = (agreed.ownWindowBits << 4) | agreed.keptWindowBits;
    },
    isAgreed: (slot) => terms[slot] !== 0,
    compress(slot, payload) {
      const windowBits = terms[slot]! >> 4;
      const flushed = deflateRawSync(payload, { level: Z_BEST_SPEED, windowBits, finishFlush: Z_SYNC_FLUSH });
      return flushed.subarray(0, -TAIL.length);
    },
    inflate(slot, piece, last) {
      if (!last) {
        gather(slot, piece);
        return undefined;
      }
      try {
        return inflateWhole(slot, gathered.take(slot, piece, TAIL));
      } catch (error) {
        return isTooLarge(error)
          ? { violation: CLOSE.tooBig, detail: `message inflates to more than the limit of ${maxMessageBytes} bytes` }
          : { violation: CLOSE.invalidPayload, detail: `compressed message that can't be inflated: ${wordsOf(error)}` };
      }
    },
    forget,
  };
}

const isTooLarge = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
