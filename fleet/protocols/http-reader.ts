import { findHeadEnd, isHeaderLine, MAX_HEAD_BYTES, MOST_INTERIM, named, shown, tooManyInterim } from './http-head.ts';
import { type Framing, framingOf, MAX_BODY_BYTES } from './http-response.ts';
import { type Pieces, TOO_MANY_PIECES } from './pieces.ts';
import type { Slot } from './protocol.ts';

export interface ResponseReaderOptions {
  readonly slots: number;
  /** Where bytes are kept while a head or the line of a chunk is in pieces. */
  readonly pieces: Pieces;
}

/** What responses say. `bytes` are valid during the call only. */
export interface ResponseEvents {
  /**
   * The head of a response that was asked for; those that are but interim (1xx) are left out.
   *
   * @param bytes the head, up to `headEnd`, and what came behind it, not yet read
   */
  onHead(slot: Slot, framing: Framing, bytes: Uint8Array, headEnd: number): void;
  onBody(slot: Slot, bytes: Uint8Array): void;
  /** @param statusClass the status's first digit */
  onComplete(slot: Slot, statusClass: number, keepsOpen: boolean): void;
  /** A response although no request is unanswered. The reader has stopped for this slot. */
  onUnasked(slot: Slot, framing: Framing): void;
  /** The reader has stopped for this slot. @param isStranger the peer doesn't speak HTTP at all */
  onViolation(slot: Slot, detail: string, isStranger?: boolean): void;
}

/** Reads the responses of a server on many connections, in whatever pieces they arrive; see {@link createResponseReader}. */
export interface ResponseReader {
  /** Reads from the beginning of a connection: nothing has been asked. */
  start(slot: Slot): void;
  /** One request more is on its way. */
  expect(slot: Slot): void;
  /** Reads no more, not even the rest of what is being read now. */
  stop(slot: Slot): void;
  read(slot: Slot, bytes: Uint8Array): void;
  /** Interim answers since the last final one. */
  interims(slot: Slot): number;
  /** Nothing more comes. @returns where that was: between responses, before an answer, or in the middle of one */
  end(slot: Slot): 'idle' | 'unanswered' | 'midway';
}

/** What comes next, in the lower bits of a slot's state. */
const STOPPED = 0;
const HEAD = 1;
/** A body of known length. */
const BODY = 2;
/** A body that the connection's end ends. */
const TO_END = 3;
const CHUNK_SIZE = 4;
const CHUNK = 5;
/** The line end behind a chunk. */
const CHUNK_END = 6;
/** Lines behind the last chunk, up to an empty one. */
const TRAILERS = 7;
const MODE = 7;
/** The server closes after this response. */
const CLOSES = 8;
/** The first digit of its status, above these bits. */
const CLASS_SHIFT = 4;

/** Size of a chunk with its extensions. */
const MAX_LINE_BYTES = 1024;
const CHUNK_SIZE_LINE = /^([0-9a-f]+)[ \t]*(?:;.*)?$/i;
const LINE_FEED = 10;
const MOST_UNANSWERED = 255;

/**
 * HTTP/1.1 responses (RFC 9112) on the client's side. Bodies are passed on as they come and never kept. 6 bytes for a
 * slot.
 */
export function createResponseReader(options: ResponseReaderOptions, events: ResponseEvents): ResponseReader {
  const { slots, pieces } = options;
  const states = new Uint8Array(slots);
  /** In a body or chunk: bytes still to come. In trailers: bytes so far. */
  const counts = new Uint32Array(slots);
  /** Requests without an answer. */
  const unanswered = new Uint8Array(slots);
  /** Interim answers since the last final one, of slots that had any. */
  const interims = new Map<Slot, number>();
  /** Servers say the same to everyone, within a second: what was found in the last head. */
  let knownHead = Buffer.alloc(0);
  let knownFraming: Framing | undefined;

  const modeOf = (slot: Slot): number => states[slot]! & MODE;
  function setMode(slot: Slot, mode: number): void {
    states[slot] = (states[slot]! & ~MODE) | mode;
  }

  function read(slot: Slot, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && modeOf(slot) !== STOPPED; ) at = readNext(slot, bytes, at);
  }

  function readNext(slot: Slot, bytes: Uint8Array, at: number): number {
    switch (modeOf(slot)) {
      case HEAD:
        return readHead(slot, bytes, at);
      case BODY:
      case CHUNK:
        return readCounted(slot, bytes, at);
      case TO_END:
        events.onBody(slot, bytes.subarray(at));
        return bytes.length;
      default:
        return readLine(slot, bytes, at);
    }
  }

  function readHead(slot: Slot, bytes: Uint8Array, at: number): number {
    const kept = pieces.get(slot);
    // A head that can be one ends within this.
    const news = bytes.subarray(at, at + MAX_HEAD_BYTES);
    const head = kept ? Buffer.concat([kept, news]) : Buffer.from(news.buffer, news.byteOffset, news.byteLength);
    const isKnown = knownFraming !== undefined && head.subarray(0, knownHead.length).equals(knownHead);
    const end = isKnown ? knownHead.length : findHeadEnd(head);
    if (end === 0) {
      pieces.set(slot, kept ? head : Buffer.from(head));
      if (pieces.areTooMany) violate(slot, TOO_MANY_PIECES);
      return bytes.length;
    }
    if (kept) pieces.delete(slot);
    const found = typeof end !== 'number' ? end : isKnown ? knownFraming! : framingOf(head.toString('latin1', 0, end));
    if ('outcome' in found) {
      violate(slot, found.detail, found.isStranger);
      return bytes.length;
    }
    if (!isKnown) {
      knownHead = Buffer.from(head.subarray(0, end as number));
      knownFraming = found;
    }
    begin(slot, found, head, end as number);
    return at + (end as number) - (kept?.length ?? 0);
  }

  function begin(slot: Slot, framing: Framing, bytes: Uint8Array, headEnd: number): void {
    const { status, body, keepsOpen } = framing;
    if (unanswered[slot] === 0) {
      stop(slot);
      events.onUnasked(slot, framing);
      return;
    }
    if (status < 200) {
      readOver(slot);
      return;
    }
    if (interims.size > 0) interims.delete(slot);
    const mode = body === 'chunked' ? CHUNK_SIZE : body === 'to-end' ? TO_END : BODY;
    states[slot] = mode | (keepsOpen ? 0 : CLOSES) | (Math.floor(status / 100) << CLASS_SHIFT);
    counts[slot] = typeof body === 'number' ? body : 0;
    events.onHead(slot, framing, bytes, headEnd);
    if (body === 0 && modeOf(slot) === BODY) complete(slot);
  }

  function readOver(slot: Slot): void {
    const interim = (interims.get(slot) ?? 0) + 1;
    interims.set(slot, interim);
    if (interim > MOST_INTERIM) violate(slot, tooManyInterim().detail);
  }

  function readCounted(slot: Slot, bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + counts[slot]!);
    counts[slot] = counts[slot]! - (end - at);
    events.onBody(slot, bytes.subarray(at, end));
    if (counts[slot] === 0) {
      if (modeOf(slot) === BODY) complete(slot);
      else if (modeOf(slot) === CHUNK) setMode(slot, CHUNK_END);
    }
    return end;
  }

  /** A line of chunked coding; keeps aside what is not whole. */
  function readLine(slot: Slot, bytes: Uint8Array, at: number): number {
    const feedAt = bytes.indexOf(LINE_FEED, at);
    const end = feedAt < 0 ? bytes.length : feedAt + 1;
    const kept = pieces.get(slot);
    if (end - at + (kept?.length ?? 0) > MAX_LINE_BYTES) {
      violate(slot, `a line between chunks above ${MAX_LINE_BYTES} bytes`);
      return bytes.length;
    }
    const piece = Buffer.from(bytes.subarray(at, end));
    const line = kept ? Buffer.concat([kept, piece]) : piece;
    if (feedAt < 0) {
      pieces.set(slot, line);
      return end;
    }
    if (kept) pieces.delete(slot);
    if (line.at(-2) !== 13) violate(slot, `a line between chunks without CR: ${shown(line)}`);
    else takeLine(slot, line.toString('latin1', 0, line.length - 2));
    return end;
  }

  function takeLine(slot: Slot, line: string): void {
    const mode = modeOf(slot);
    if (mode === CHUNK_SIZE) {
      const size = Number.parseInt(CHUNK_SIZE_LINE.exec(line)?.[1] ?? '', 16);
      if (!(size <= MAX_BODY_BYTES)) violate(slot, `the size of a chunk is ${shown(Buffer.from(line, 'latin1'))}`);
      counts[slot] = size;
      if (modeOf(slot) === CHUNK_SIZE) setMode(slot, size === 0 ? TRAILERS : CHUNK);
    } else if (mode === CHUNK_END) {
      if (line === '') setMode(slot, CHUNK_SIZE);
      else violate(slot, `more bytes in a chunk than its size: ${shown(Buffer.from(line, 'latin1'))}`);
    } else if (line === '') {
      complete(slot);
    } else if (!isHeaderLine(line)) {
      violate(slot, `malformed trailer line ${named(line)}`);
    } else {
      counts[slot] = counts[slot]! + line.length;
      if (counts[slot]! > MAX_HEAD_BYTES) violate(slot, `trailers above ${MAX_HEAD_BYTES} bytes`);
    }
  }

  /** Ready for the next one before anybody is told of this one: they may ask for more. */
  function complete(slot: Slot): void {
    const state = states[slot]!;
    unanswered[slot] = unanswered[slot]! - 1;
    states[slot] = HEAD;
    events.onComplete(slot, state >> CLASS_SHIFT, (state & CLOSES) === 0);
  }

  function stop(slot: Slot): void {
    states[slot] = STOPPED;
    pieces.delete(slot);
    interims.delete(slot);
  }

  function violate(slot: Slot, detail: string, isStranger = false): void {
    stop(slot);
    events.onViolation(slot, detail, isStranger);
  }

  return {
    start(slot) {
      pieces.delete(slot);
      interims.delete(slot);
      states[slot] = HEAD;
      unanswered[slot] = 0;
    },
    expect(slot) {
      unanswered[slot] = Math.min(MOST_UNANSWERED, unanswered[slot]! + 1);
    },
    stop,
    read,
    interims: (slot) => interims.get(slot) ?? 0,
    end(slot) {
      const mode = modeOf(slot);
      if (mode === TO_END) complete(slot);
      const isMidway = mode !== TO_END && (mode > HEAD || pieces.has(slot));
      const where = isMidway ? 'midway' : unanswered[slot]! > 0 ? 'unanswered' : 'idle';
      stop(slot);
      return where;
    },
  };
}
