import type { Slot } from '../../protocols/protocol.ts';
import { type Aead, TAG_BYTES } from './aead.ts';
import { ALERT } from './alerts.ts';
import type { HalfRecords } from './half-records.ts';
import { NativeBytes } from './libcrypto.ts';
import {
  DATA_12_BYTES,
  EXPLICIT_BYTES,
  explicitBytes,
  HEADER_BYTES,
  MOST_RECORD_BYTES,
  RECORD,
  writeData12,
} from './record-writer.ts';
import { LAST_NUMBER, NUMBERS_USED_UP, receivingLane, type SlotKeys } from './slot-keys.ts';

/** What records say. A call returns whether the slot is to be read on. */
export interface RecordSink {
  /** @param content valid during the call only */
  onRecord(slot: Slot, type: number, content: Uint8Array): boolean;
  /** The reader has stopped for this slot. @param alert what the peer has to be told */
  onFault(slot: Slot, alert: number, detail: string): void;
}

/** Beyond what is carried: RFC 8446, section 5.2; RFC 5246, section 6.2.3. */
const MOST_EXPANSION_13 = 256;
const MOST_EXPANSION_12 = 2048;
const MOST_WIRE_BYTES = HEADER_BYTES + MOST_RECORD_BYTES + MOST_EXPANSION_12;
/** What is read at once: as much as the engines read. */
const CHUNK_BYTES = 16_384;

/** Takes records out of what arrives on many connections, in whatever pieces, and opens them. */
export class RecordReader {
  readonly #keys: SlotKeys;
  readonly #aead: Aead;
  readonly #sink: RecordSink;
  readonly #halves: HalfRecords;
  readonly #room = new NativeBytes(MOST_WIRE_BYTES + CHUNK_BYTES);
  readonly #data12 = new NativeBytes(DATA_12_BYTES);

  constructor(keys: SlotKeys, aead: Aead, sink: RecordSink, halves: HalfRecords) {
    this.#keys = keys;
    this.#aead = aead;
    this.#sink = sink;
    this.#halves = halves;
  }

  /** Reads on from where the slot's bytes ended before. */
  read(slot: Slot, wire: Uint8Array): void {
    if (wire.length <= CHUNK_BYTES) {
      this.#readChunk(slot, wire);
      return;
    }
    for (let at = 0; at < wire.length; at += CHUNK_BYTES) {
      if (!this.#readChunk(slot, wire.subarray(at, at + CHUNK_BYTES))) return;
    }
  }

  /** Forgets what has come of a record. */
  forget(slot: Slot): void {
    this.#halves.delete(slot);
  }

  /** @returns whether it is to be read on */
  #readChunk(slot: Slot, chunk: Uint8Array): boolean {
    const half = this.#halves.get(slot);
    if (half !== undefined) {
      if (half.length >= HEADER_BYTES && half.length + chunk.length < HEADER_BYTES + lengthAt(half, 0)) {
        return this.#keep(slot, chunk);
      }
      this.#room.bytes.set(half);
      this.#halves.delete(slot);
    }
    const start = half?.length ?? 0;
    this.#room.bytes.set(chunk, start);
    return this.#readRecords(slot, start + chunk.length);
  }

  #readRecords(slot: Slot, end: number): boolean {
    const room = this.#room.bytes;
    let at = 0;
    while (end - at >= HEADER_BYTES) {
      const length = lengthAt(room, at);
      if (!this.#checkHeader(slot, at, length)) return false;
      if (end - at < HEADER_BYTES + length) break;
      const goesOn = this.#keys.is12(slot) ? this.#open12(slot, at, length) : this.#open13(slot, at, length);
      if (!goesOn) return false;
      at += HEADER_BYTES + length;
    }
    return at === end || this.#keep(slot, room.subarray(at, end));
  }

  #keep(slot: Slot, piece: Uint8Array): boolean {
    this.#halves.add(slot, piece);
    return this.#halves.areTooMany ? this.#fault(slot, ALERT.internalError, this.#halves.tooMany) : true;
  }

  #checkHeader(slot: Slot, at: number, length: number): boolean {
    const room = this.#room.bytes;
    const type = room[at]!;
    const is12 = this.#keys.is12(slot);
    const isType = is12 ? type >= RECORD.alert && type <= RECORD.data : type === RECORD.data;
    if (!isType) return this.#fault(slot, ALERT.unexpectedMessage, `a record of type ${type}, which was not due`);
    // TLS 1.3 has this for show alone: RFC 8446, section 5.1.
    if (is12 && (room[at + 1] !== 3 || room[at + 2] !== 3)) {
      return this.#fault(slot, ALERT.protocolVersion, `a record of version ${room[at + 1]}.${room[at + 2]}`);
    }
    const most = MOST_RECORD_BYTES + (is12 ? MOST_EXPANSION_12 : MOST_EXPANSION_13);
    if (length > most)
      return this.#fault(slot, ALERT.recordOverflow, `a record of ${length} bytes; ${most} are allowed`);
    const least = TAG_BYTES + (is12 ? explicitBytes(this.#keys, slot) : 0);
    if (length < least) return this.#fault(slot, ALERT.badRecordMac, `a record of ${length} bytes; it takes ${least}`);
    if (this.#keys.numberOf(receivingLane(slot)) < LAST_NUMBER) return true;
    return this.#fault(slot, ALERT.internalError, NUMBERS_USED_UP);
  }

  #open13(slot: Slot, at: number, length: number): boolean {
    const room = this.#room.bytes;
    const lane = receivingLane(slot);
    const from = at + HEADER_BYTES;
    const { address } = this.#room;
    const high = this.#keys.numberHigh(lane);
    const low = this.#keys.numberLow(lane);
    const textBytes = length - TAG_BYTES;
    if (!this.#aead.open(slot, high, low, address + from, textBytes, address + at, HEADER_BYTES))
      return this.#bad(slot);
    this.#keys.advance(lane);
    if (textBytes > MOST_RECORD_BYTES + 1) return this.#tooLong(slot, textBytes - 1);
    // Behind the type there may be zeros: RFC 8446, section 5.4.
    let last = from + textBytes - 1;
    while (last >= from && room[last] === 0) last--;
    if (last < from) return this.#fault(slot, ALERT.unexpectedMessage, 'a record without a type');
    return this.#sink.onRecord(slot, room[last]!, room.subarray(from, last));
  }

  #open12(slot: Slot, at: number, length: number): boolean {
    const room = this.#room.bytes;
    const lane = receivingLane(slot);
    const explicit = explicitBytes(this.#keys, slot);
    const from = at + HEADER_BYTES + explicit;
    const textBytes = length - explicit - TAG_BYTES;
    let high = this.#keys.numberHigh(lane);
    let low = this.#keys.numberLow(lane);
    writeData12(this.#data12.bytes, high, low, room[at]!, textBytes);
    if (explicit === EXPLICIT_BYTES) {
      high = wordAt(room, at + HEADER_BYTES);
      low = wordAt(room, at + HEADER_BYTES + 4);
    }
    const text = this.#room.address + from;
    if (!this.#aead.open(slot, high, low, text, textBytes, this.#data12.address, DATA_12_BYTES)) return this.#bad(slot);
    this.#keys.advance(lane);
    if (textBytes > MOST_RECORD_BYTES) return this.#tooLong(slot, textBytes);
    return this.#sink.onRecord(slot, room[at]!, room.subarray(from, from + textBytes));
  }

  #bad(slot: Slot): boolean {
    return this.#fault(
      slot,
      ALERT.badRecordMac,
      'a record that is not what was sealed: changed on its way, or under other keys',
    );
  }

  #tooLong(slot: Slot, length: number): boolean {
    return this.#fault(
      slot,
      ALERT.recordOverflow,
      `a record that carries ${length} bytes; ${MOST_RECORD_BYTES} are allowed`,
    );
  }

  #fault(slot: Slot, alert: number, detail: string): false {
    this.#halves.delete(slot);
    this.#sink.onFault(slot, alert, detail);
    return false;
  }
}

const lengthAt = (bytes: Uint8Array, at: number): number => bytes[at + 3]! * 256 + bytes[at + 4]!;
const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
