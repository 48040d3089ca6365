import { randomFillSync } from 'node:crypto';

/** RFC 6455, section 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

const FIN = 0x80;
/** RSV1: the message is compressed (RFC 7692, section 6). */
const COMPRESSED = 0x40;
const MASKED = 0x80;
const MASK_BYTES = 4;

/** Masks must not be predictable (section 5.3), but asking the system for four bytes at a time is slow. */
const randomPool = new Uint8Array(4096);
let randomUsed = randomPool.length;

/**
 * A whole message (or control frame) as a client sends it: one final frame, masked with a random key.
 *
 * @param payload at most 125 bytes for close, ping and pong; not changed
 * @param isCompressed the payload is that of a compressed message
 * @returns a fresh array
 */
export function encodeFrame(opcode: Opcode, payload: Uint8Array, isCompressed = false): Uint8Array {
  const length = payload.length;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const maskAt = 2 + lengthBytes;
  const dataAt = maskAt + MASK_BYTES;
  // The frame starts where its mask and payload come to lie at a multiple of four.
  const room = Buffer.allocUnsafe(dataAt + length + 3);
  const before = -(room.byteOffset + dataAt) & 3;
  const frame = room.subarray(before, before + dataAt + length);
  frame[0] = FIN | (isCompressed ? COMPRESSED : 0) | opcode;
  if (lengthBytes === 0) {
    frame[1] = MASKED | length;
  } else if (lengthBytes === 2) {
    frame[1] = MASKED | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = MASKED | 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length >>> 0, 6);
  }
  writeMask(frame, maskAt);
  frame.set(payload, dataAt);
  maskInPlace(frame, dataAt);
  return frame;
}

/** A close frame; without a code its payload is empty. */
export function encodeClose(code: number | undefined): Uint8Array {
  return encodeFrame(OPCODE.close, code === undefined ? new Uint8Array(0) : Uint8Array.of(code >> 8, code & 0xff));
}

/**
 * Masks what begins at `dataAt` with the four bytes before it. Both lie at a multiple of four, so nearly all goes by
 * whole words: three times as fast as by bytes, for messages of many KiB.
 */
function maskInPlace(frame: Uint8Array, dataAt: number): void {
  const maskAt = dataAt - MASK_BYTES;
  const words = new Int32Array(frame.buffer, frame.byteOffset + maskAt, (frame.length - maskAt) >> 2);
  const mask = words[0]!;
  for (let i = 1; i < words.length; i++) words[i] = words[i]! ^ mask;
  const restAt = maskAt + words.length * 4;
  for (let i = restAt; i < frame.length; i++) frame[i] = frame[i]! ^ frame[maskAt + (i - restAt)]!;
}

function writeMask(frame: Uint8Array, at: number): void {
  if (randomUsed + MASK_BYTES > randomPool.length) {
    randomFillSync(randomPool);
    randomUsed = 0;
  }
  for (let i = 0; i < MASK_BYTES; i++) frame[at + i] = randomPool[randomUsed + i]!;
  randomUsed += MASK_BYTES;
}
