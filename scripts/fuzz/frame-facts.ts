import { constants, inflateRawSync } from 'node:zlib';

/** A message in a stream of frames, as it lies there. */
export interface RawMessage {
  readonly isCompressed: boolean;
  /** Its payload over all fragments that are there. */
  readonly payload: Buffer;
  readonly fragments: number;
  /** Its last fragment is there, whole. */
  readonly isWhole: boolean;
}

const FIN = 0x80;
const RSV1 = 0x40;
const CONTROL = 0x08;

/** The messages of a stream, read without judging: for streams in which two readers have found the same until now. */
export function readMessages(stream: Buffer): RawMessage[] {
  const messages: RawMessage[] = [];
  let at = 0;
  while (at + 2 <= stream.length) {
    const [first, second] = [stream[at]!, stream[at + 1]! & 0x7f];
    const headBytes = second === 127 ? 10 : second === 126 ? 4 : 2;
    if (at + headBytes > stream.length) break;
    const length =
      second === 127 ? Number(stream.readBigUInt64BE(at + 2)) : second === 126 ? stream.readUInt16BE(at + 2) : second;
    const payload = stream.subarray(at + headBytes, at + headBytes + length);
    at += headBytes + length;
    if ((first & CONTROL) !== 0) continue;
    const isWhole = (first & FIN) !== 0 && payload.length === length;
    const last = messages.at(-1);
    if (last && !last.isWhole) {
      const joined = Buffer.concat([last.payload, payload]);
      messages[messages.length - 1] = { ...last, payload: joined, fragments: last.fragments + 1, isWhole };
    } else {
      messages.push({ isCompressed: (first & RSV1) !== 0, payload, fragments: 1, isWhole });
    }
  }
  return messages;
}

const TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);
/** A stored block with one byte. */
const MARK = Buffer.of(0x00, 0x01, 0x00, 0xfe, 0xff, 0x78);

/**
 * Whether a compressed message ends where a block ends, none of which is final: only then is it clear what a next message
 * refers to, and that all of it counts. A block behind it adds exactly what is in it then.
 *
 * @param said what it may refer to
 */
export function endsWithBlock(payload: Buffer, said: Buffer): boolean {
  const options = { ...(said.length > 0 && { dictionary: said }), finishFlush: constants.Z_SYNC_FLUSH };
  try {
    const alone = inflateRawSync(Buffer.concat([payload, TAIL]), options);
    const marked = inflateRawSync(Buffer.concat([payload, TAIL, MARK]), options);
    return marked.length === alone.length + 1;
  } catch {
    return false;
  }
}
