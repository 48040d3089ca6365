import { constants, inflateRawSync } from 'node:zlib';
import { OPCODE } from '../protocols/ws-frame-writer.ts';
import type { Said, SaidReader } from './said.ts';

const FIN = 0x80;
/** RSV1: the message is compressed (RFC 7692, section 6). */
const COMPRESSED = 0x40;
const MASKED = 0x80;
const CONTROL = 8;
/** As the client reads them. */
const MOST_BYTES = 16 * 2 ** 20;
/** What a sender may refer to, of what it said before. */
const WINDOW_BYTES = 32_768;
/** RFC 7692, section 7.2.2. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly isCompressed: boolean;
  readonly payload: Buffer;
  /** Bytes of the whole frame. */
  readonly length: number;
}

/** Frames of ws (RFC 6455, section 5.2), of whichever side. */
export class FramesSaid implements SaidReader {
  #kept: Buffer = Buffer.alloc(0);
  /** The message under way, where it comes in fragments. */
  #kind: 'text' | 'binary' = 'binary';
  #isCompressed = false;
  #fragments: Buffer[] = [];
  /** The end of what was said in compressed messages. */
  #window = Buffer.alloc(0);

  read(bytes: Buffer): readonly Said[] {
    this.#kept = this.#kept.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#kept, bytes]);
    const found: Said[] = [];
    for (let frame = frameIn(this.#kept); frame !== undefined; frame = frameIn(this.#kept)) {
      this.#kept = this.#kept.subarray(frame.length);
      const said = this.#said(frame);
      if (said !== undefined) found.push(said);
    }
    return this.#kept.length > MOST_BYTES ? [...found, ...this.end()] : found;
  }

  end(): readonly Said[] {
    const rest = this.#kept;
    this.#kept = Buffer.alloc(0);
    return rest.length === 0 ? [] : [{ kind: 'bytes', bytes: rest }];
  }

  #said({ opcode, isLast, isCompressed, payload }: Frame): Said | undefined {
    if (opcode === OPCODE.ping) return { kind: 'ping', bytes: payload };
    if (opcode === OPCODE.pong) return { kind: 'pong', bytes: payload };
    if (opcode === OPCODE.close) {
      const code = payload.length < 2 ? undefined : payload.readUInt16BE(0);
      return { kind: 'close', code, bytes: payload.subarray(2) };
    }
    if (opcode >= CONTROL) return { kind: 'bytes', bytes: payload };
    if (opcode !== OPCODE.continuation) {
      this.#kind = opcode === OPCODE.text ? 'text' : 'binary';
      this.#isCompressed = isCompressed;
    }
    this.#fragments.push(payload);
    if (!isLast) return undefined;
    const whole = Buffer.concat(this.#fragments.splice(0));
    return { kind: this.#kind, bytes: this.#isCompressed ? this.#inflate(whole) : whole };
  }

  /** As it is, where it can't be: the client itself says what is wrong with it. */
  #inflate(compressed: Buffer): Buffer {
    try {
      const bytes = inflateRawSync(Buffer.concat([compressed, TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: MOST_BYTES,
        ...(this.#window.length > 0 && { dictionary: this.#window }),
      });
      this.#window = Buffer.concat([this.#window, bytes]).subarray(-WINDOW_BYTES);
      return bytes;
    } catch {
      return compressed;
    }
  }
}

/** The first one, if it has come in whole. */
function frameIn(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first, second] = [bytes[0]!, bytes[1]!];
  const short = second & ~MASKED;
  const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
  const maskBytes = (second & MASKED) === 0 ? 0 : 4;
  const dataAt = 2 + lengthBytes + maskBytes;
  if (bytes.length < dataAt) return undefined;
  const long = lengthBytes === 2 ? bytes.readUInt16BE(2) : lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
  const length = dataAt + long;
  if (bytes.length < length) return undefined;
  const payload = Buffer.from(bytes.subarray(dataAt, length));
  const mask = bytes.subarray(dataAt - maskBytes, dataAt);
  if (maskBytes > 0) for (let i = 0; i < payload.length; i++) payload[i] = payload[i]! ^ mask[i % maskBytes]!;
  return {
    opcode: first & 0x0f,
    isLast: (first & FIN) !== 0,
    isCompressed: (first & COMPRESSED) !== 0,
    payload,
    length,
  };
}
