import type { Slot } from './protocol.ts';
import { CLOSE } from './ws-close.ts';
import { OPCODE } from './ws-frame-writer.ts';

export interface FrameReaderOptions {
  readonly slots: number;
  /** The most one message may hold over all its fragments; below 2^32. */
  readonly maxMessageBytes: number;
  /** Where bytes are kept while a frame header or a control frame is in pieces. */
  readonly pieces: Map<Slot, Uint8Array>;
}

/** What frames say. `bytes` and `payload` are valid during the call only. */
export interface FrameEvents {
  onData(slot: Slot, bytes: Uint8Array, last: boolean, isCompressed: boolean): void;
  onPing(slot: Slot, payload: Uint8Array): void;
  onClose(slot: Slot, payload: Uint8Array): void;
  /** The reader has stopped for this slot. */
  onViolation(slot: Slot, closeCode: number, detail: string): void;
}

/** Reads the frames a server sends on many connections, in whatever pieces they arrive; see {@link createFrameReader}. */
export interface FrameReader {
  /** Reads from the beginning of a frame. @param mayCompress messages may be compressed ones */
  start(slot: Slot, mayCompress: boolean): void;
  /** Reads no more, not even the rest of what is being read now. */
  stop(slot: Slot): void;
  read(slot: Slot, bytes: Uint8Array): void;
  /** Whether a frame or message is incomplete. */
  isMidway(slot: Slot): boolean;
}

/** Bits of a slot's flags. */
const READING = 1;
/** A message has begun and its final frame not ended. */
const IN_MESSAGE = 2;
/** The data frame whose payload comes now is the message's last. */
const FINAL_FRAME = 4;
/** Compression was agreed on. */
const MAY_COMPRESS = 8;
/** The message that has begun is compressed. */
const COMPRESSED = 16;
/** What stays from message to message. */
const LASTING = READING | MAY_COMPRESS;

/** Bits of a frame's first byte. */
const FIN = 0x80;
const RESERVED = 0x70;
const RSV1 = 0x40;

const MAX_CONTROL_BYTES = 125;
/** What has to be there at once: a control frame, or the header of a data frame (at most 10 bytes). */
const MAX_UNIT_BYTES = 2 + MAX_CONTROL_BYTES;
const NOTHING = new Uint8Array(0);

/**
 * RFC 6455, section 5, for the client's side; of extensions it knows the mark of compressed messages. Payload of data
 * frames is passed on as it comes and never kept. Text is not checked for UTF-8: a load generator has no use for its
 * characters.
 */
export function createFrameReader(options: FrameReaderOptions, events: FrameEvents): FrameReader {
  const { slots, maxMessageBytes, pieces } = options;
  const flags = new Uint8Array(slots);
  /** Payload of the current data frame that is still to come. */
  const remainingBytes = new Uint32Array(slots);
  /** What the current message holds so far, the current frame included. */
  const messageBytes = new Uint32Array(slots);

  function read(slot: Slot, bytes: Uint8Array): void {
    if (readWhole(slot, bytes)) return;
    let at = 0;
    while (at < bytes.length && (flags[slot]! & READING) !== 0) {
      at = remainingBytes[slot]! > 0 ? readPayload(slot, bytes, at) : readUnit(slot, bytes, at);
    }
  }

  /** Nearly all reads are of one message in one short frame, which leaves nothing behind. @returns whether this one was */
  function readWhole(slot: Slot, bytes: Uint8Array): boolean {
    const state = flags[slot]!;
    if ((state & ~MAY_COMPRESS) !== READING || remainingBytes[slot] !== 0) return false;
    const opcode = bytes[0]! ^ FIN;
    if (opcode !== OPCODE.text && opcode !== OPCODE.binary) return false;
    const short = bytes[1]!;
    const isLonger = short === 126;
    if (short > 126) return false;
    const length = isLonger ? bytes[2]! * 256 + bytes[3]! : short;
    const dataAt = isLonger ? 4 : 2;
    if (length === 0 || (isLonger && length < 126) || bytes.length !== dataAt + length) return false;
    if (length > maxMessageBytes || pieces.has(slot)) return false;
    events.onData(slot, bytes.subarray(dataAt), true, false);
    return true;
  }

  function readPayload(slot: Slot, bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + remainingBytes[slot]!);
    remainingBytes[slot] = remainingBytes[slot]! - (end - at);
    deliver(slot, bytes.subarray(at, end), remainingBytes[slot] === 0);
    return end;
  }

  /** Reads a control frame or the header of a data frame; keeps aside what is not whole. */
  function readUnit(slot: Slot, bytes: Uint8Array, at: number): number {
    const kept = pieces.get(slot);
    const unit = kept
      ? Buffer.concat([kept, bytes.subarray(at, at + MAX_UNIT_BYTES - kept.length)])
      : bytes.subarray(at, at + MAX_UNIT_BYTES);
    const size = unit.length < 2 ? MAX_UNIT_BYTES : unitBytes(unit);
    if (unit.length < size) {
      pieces.set(slot, kept ? unit : Buffer.from(unit));
      return bytes.length;
    }
    if (kept) pieces.delete(slot);
    if ((unit[0]! & 0x08) === 0) readDataHeader(slot, unit);
    else readControl(slot, unit, size);
    return at + size - (kept?.length ?? 0);
  }

  function readDataHeader(slot: Slot, header: Uint8Array): void {
    const inMessage = (flags[slot]! & IN_MESSAGE) !== 0;
    const mayBeMarked = (flags[slot]! & MAY_COMPRESS) !== 0;
    const fault = headerFault(header, mayBeMarked) ?? sequenceFault(header, inMessage);
    if (fault !== undefined) {
      violate(slot, CLOSE.protocolError, fault);
      return;
    }
    const length = dataLength(header);
    if (length === undefined) {
      violate(slot, CLOSE.protocolError, 'frame length not in its shortest form');
      return;
    }
    const total = (inMessage ? messageBytes[slot]! : 0) + length;
    if (total > maxMessageBytes) {
      violate(slot, CLOSE.tooBig, `message of at least ${total} bytes; the limit is ${maxMessageBytes}`);
      return;
    }
    messageBytes[slot] = total;
    remainingBytes[slot] = length;
    const marked = inMessage ? flags[slot]! & COMPRESSED : (header[0]! & RSV1) === 0 ? 0 : COMPRESSED;
    const final = (header[0]! & FIN) === 0 ? 0 : FINAL_FRAME;
    flags[slot] = (flags[slot]! & LASTING) | IN_MESSAGE | marked | final;
    if (length === 0) deliver(slot, NOTHING, true);
  }

  function readControl(slot: Slot, frame: Uint8Array, size: number): void {
    const opcode = frame[0]! & 0x0f;
    const mayBeMarked = (flags[slot]! & MAY_COMPRESS) !== 0;
    const fault = headerFault(frame, mayBeMarked) ?? controlFault(frame);
    if (fault !== undefined) violate(slot, CLOSE.protocolError, fault);
    else if (opcode === OPCODE.ping) events.onPing(slot, frame.subarray(2, size));
    else if (opcode === OPCODE.close) events.onClose(slot, frame.subarray(2, size));
  }

  function deliver(slot: Slot, bytes: Uint8Array, frameEnds: boolean): void {
    const last = frameEnds && (flags[slot]! & FINAL_FRAME) !== 0;
    const isCompressed = (flags[slot]! & COMPRESSED) !== 0;
    if (last) flags[slot] = flags[slot]! & LASTING;
    if (last || bytes.length > 0) events.onData(slot, bytes, last, isCompressed);
  }

  function violate(slot: Slot, closeCode: number, detail: string): void {
    stop(slot);
    events.onViolation(slot, closeCode, detail);
  }

  function stop(slot: Slot): void {
    flags[slot] = 0;
    remainingBytes[slot] = 0;
    pieces.delete(slot);
  }

  return {
    start(slot, mayCompress) {
      stop(slot);
      flags[slot] = mayCompress ? LASTING : READING;
    },
    stop,
    read,
    isMidway: (slot) => (flags[slot]! & IN_MESSAGE) !== 0 || pieces.has(slot),
  };
}

/** How long a unit is, from its first two bytes. A control frame over its limit is judged by these two alone. */
function unitBytes(unit: Uint8Array): number {
  const length = unit[1]! & 0x7f;
  // A mask would follow the length; a masked frame is refused by these two bytes.
  if ((unit[1]! & 0x80) !== 0) return 2;
  if ((unit[0]! & 0x08) !== 0) return length > MAX_CONTROL_BYTES ? 2 : 2 + length;
  return length === 127 ? 10 : length === 126 ? 4 : 2;
}

function headerFault(header: Uint8Array, mayBeMarked: boolean): string | undefined {
  if ((header[0]! & (mayBeMarked ? RESERVED & ~RSV1 : RESERVED)) !== 0) {
    return 'reserved bits set, without an extension that uses them';
  }
  if ((header[1]! & 0x80) !== 0) return 'masked frame from a server';
  return undefined;
}

function sequenceFault(header: Uint8Array, inMessage: boolean): string | undefined {
  const opcode = header[0]! & 0x0f;
  if (opcode > OPCODE.binary) return `reserved opcode ${opcode}`;
  if (opcode === OPCODE.continuation) {
    if (!inMessage) return 'continuation of no message';
    return (header[0]! & RSV1) === 0 ? undefined : 'continuation marked as compressed; only a first frame may be';
  }
  return inMessage ? 'new message inside a fragmented one' : undefined;
}

function controlFault(frame: Uint8Array): string | undefined {
  const opcode = frame[0]! & 0x0f;
  if (opcode > OPCODE.pong) return `reserved opcode ${opcode}`;
  if ((frame[0]! & RSV1) !== 0) return 'control frame marked as compressed';
  if ((frame[0]! & FIN) === 0) return 'fragmented control frame';
  return (frame[1]! & 0x7f) > MAX_CONTROL_BYTES ? 'control frame above 125 bytes' : undefined;
}

/** Payload length of a data frame; undefined when it is written longer than it has to be, or has its top bit set. */
function dataLength(header: Uint8Array): number | undefined {
  const short = header[1]! & 0x7f;
  if (short < 126) return short;
  if (short === 126) {
    const length = header[2]! * 256 + header[3]!;
    return length < 126 ? undefined : length;
  }
  let length = 0;
  for (let i = 2; i < 10; i++) length = length * 256 + header[i]!;
  return length < 65_536 || header[2]! > 0x7f ? undefined : length;
}
