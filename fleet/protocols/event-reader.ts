import { MOST_ID_BYTES } from './event-ids.ts';
import type { Slot } from './protocol.ts';

/** What an event stream says. `bytes` are valid during the call only. */
export interface StreamEvents {
  /** A piece of an event's data; between two of its lines there is one of LF alone. */
  onData(slot: Slot, bytes: Uint8Array): void;
  /** An event is whole. */
  onEvent(slot: Slot): void;
  /** The last event id from now on; empty: there is none, or it can't be kept. */
  onId(slot: Slot, id: Uint8Array): void;
  /** How long the server wants a lost connection to wait, in whole ms. */
  onRetry(slot: Slot, afterMs: number): void;
}

/** Reads the event streams of many connections, in whatever pieces they arrive; see {@link createEventReader}. */
export interface EventReader {
  /** Reads from the beginning of a stream. */
  start(slot: Slot): void;
  read(slot: Slot, bytes: Uint8Array): void;
  /** An event that isn't whole is none (the standard says so of one that the stream's end cuts). */
  forget(slot: Slot): void;
}

/** What comes next, in the lower bits of a slot's state. The first three: the stream may begin with a byte order mark. */
const BEGIN = 0;
const MARK = [0xef, 0xbb, 0xbf] as const;
const LINE = 3;
/** A line was ended by CR: an LF behind it belongs to that. */
const AFTER_CR = 4;
/** The rest of a line that says nothing: a comment, the type of an event, a field that nobody knows. */
const SKIP = 5;
/** In the name of a field, of which so many letters have come. */
const NAME = 8;
/** Behind the colon; a space there is no part of the value. */
const COLON = 40;
const VALUE = 48;
const MODE = 127;
/** The event under way has data. */
const HAS_DATA = 128;

const FIELDS = ['data', 'id', 'retry'] as const;
const [DATA, ID] = [0, 1];
const NAME_ROOM = 8;

const LF = 10;
const CR = 13;
const SPACE = 32;
const DELETE = 127;
const LINE_FEED = Uint8Array.of(LF);
const NO_ID = new Uint8Array(0);
const DIGITS = /^\d+$/;

/** What is kept of a slot while it is in the middle of an id or a retry, or of an event that has an id. */
interface Unfinished {
  readonly value: Uint8Array;
  readonly valueLength: number;
  readonly pending: Uint8Array | undefined;
}

/**
 * Event streams as the HTML standard reads them (section 9.2.6): lines end in CR, LF or both, and an empty one ends an
 * event. One byte for a slot. Nothing is kept of data; more is kept only of what has come in part.
 */
export function createEventReader(slots: number, events: StreamEvents): EventReader {
  const states = new Uint8Array(slots);
  const unfinished = new Map<Slot, Unfinished>();
  /** The value of an id or a retry that is being read, as far as there is room; and how long it is. */
  const value = new Uint8Array(MOST_ID_BYTES);
  let valueLength = 0;
  /** The id that the event under way has; it counts when that is whole. */
  let pending: Uint8Array | undefined;

  const modeOf = (slot: Slot): number => states[slot]! & MODE;
  function setMode(slot: Slot, mode: number): void {
    states[slot] = (states[slot]! & HAS_DATA) | mode;
  }

  function readNext(slot: Slot, bytes: Uint8Array, at: number): number {
    const mode = modeOf(slot);
    const byte = bytes[at]!;
    if (mode >= VALUE) return readValue(slot, bytes, at, mode - VALUE);
    if (mode >= COLON) {
      setMode(slot, mode - COLON + VALUE);
      return byte === SPACE ? at + 1 : at;
    }
    if (mode >= NAME) return readName(slot, byte, at, mode);
    if (mode === SKIP) return endOfLine(slot, bytes, at);
    if (mode === LINE) return beginLine(slot, byte, at);
    if (mode === AFTER_CR) {
      setMode(slot, LINE);
      return byte === LF ? at + 1 : at;
    }
    if (byte === MARK[mode]) {
      setMode(slot, mode + 1);
      return at + 1;
    }
    // A mark that isn't whole begins a line, with a name that nobody knows.
    setMode(slot, mode === BEGIN ? LINE : SKIP);
    return at;
  }

  function beginLine(slot: Slot, byte: number, at: number): number {
    if (byte === LF || byte === CR) {
      dispatch(slot);
      endLine(slot, byte);
      return at + 1;
    }
    const field = FIELDS.findIndex((name) => name.charCodeAt(0) === byte);
    setMode(slot, field < 0 ? SKIP : NAME + field * NAME_ROOM + 1);
    return at + 1;
  }

  function readName(slot: Slot, byte: number, at: number, mode: number): number {
    const field = Math.floor((mode - NAME) / NAME_ROOM);
    const came = (mode - NAME) % NAME_ROOM;
    const name = FIELDS[field]!;
    if (came < name.length) {
      const fits = byte === name.charCodeAt(came);
      setMode(slot, fits ? mode + 1 : SKIP);
      return fits ? at + 1 : at;
    }
    const isEnd = byte === LF || byte === CR;
    if (!isEnd && byte !== COLON_SIGN) {
      setMode(slot, SKIP);
      return at;
    }
    beginValue(slot, field);
    setMode(slot, (isEnd ? VALUE : COLON) + field);
    return isEnd ? at : at + 1;
  }

  function beginValue(slot: Slot, field: number): void {
    if (field !== DATA) valueLength = 0;
    else if ((states[slot]! & HAS_DATA) !== 0) events.onData(slot, LINE_FEED);
  }

  function readValue(slot: Slot, bytes: Uint8Array, at: number, field: number): number {
    const end = lineEndIn(bytes, at);
    if (end > at) {
      if (field === DATA) events.onData(slot, bytes.subarray(at, end));
      else keep(bytes, at, end);
    }
    if (end === bytes.length) return end;
    if (field === DATA) states[slot] = states[slot]! | HAS_DATA;
    else if (field === ID) takeId();
    else takeRetry(slot);
    endLine(slot, bytes[end]!);
    return end + 1;
  }

  function keep(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      if (byte === 0) valueLength = Number.NaN;
      if (valueLength < MOST_ID_BYTES) value[valueLength] = byte;
      valueLength += 1;
    }
  }

  /** With a NUL in it, it is to be ignored. What can't stand in a header is kept as little as what is too long. */
  function takeId(): void {
    if (Number.isNaN(valueLength)) return;
    const id = value.subarray(0, valueLength);
    const isSendable = valueLength <= MOST_ID_BYTES && id.every((byte) => byte >= SPACE && byte !== DELETE);
    pending = isSendable ? Uint8Array.from(id) : NO_ID;
  }

  function takeRetry(slot: Slot): void {
    const text = valueLength <= MOST_ID_BYTES ? Buffer.from(value.subarray(0, valueLength)).toString('latin1') : '';
    if (DIGITS.test(text)) events.onRetry(slot, Number(text));
  }

  function dispatch(slot: Slot): void {
    if (pending) {
      events.onId(slot, pending);
      pending = undefined;
    }
    if ((states[slot]! & HAS_DATA) === 0) return;
    states[slot] = states[slot]! & MODE;
    events.onEvent(slot);
  }

  function endOfLine(slot: Slot, bytes: Uint8Array, at: number): number {
    const end = lineEndIn(bytes, at);
    if (end === bytes.length) return end;
    endLine(slot, bytes[end]!);
    return end + 1;
  }

  function endLine(slot: Slot, byte: number): void {
    setMode(slot, byte === CR ? AFTER_CR : LINE);
  }

  function resume(slot: Slot): void {
    valueLength = 0;
    pending = undefined;
    const kept = unfinished.size > 0 ? unfinished.get(slot) : undefined;
    if (!kept) return;
    unfinished.delete(slot);
    value.set(kept.value);
    valueLength = kept.valueLength;
    pending = kept.pending;
  }

  function suspend(slot: Slot): void {
    const isInValue = modeOf(slot) > VALUE && valueLength !== 0;
    if (!isInValue && !pending) return;
    unfinished.set(slot, { value: Uint8Array.from(value), valueLength, pending });
  }

  return {
    start(slot) {
      states[slot] = BEGIN;
      unfinished.delete(slot);
    },
    read(slot, bytes) {
      resume(slot);
      for (let at = 0; at < bytes.length; ) at = readNext(slot, bytes, at);
      suspend(slot);
    },
    forget(slot) {
      unfinished.delete(slot);
    },
  };
}

const COLON_SIGN = 58;

/** Where the line ends, from `at` on; the end of the bytes where that has yet to come. */
function lineEndIn(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at++;
  return at;
}
