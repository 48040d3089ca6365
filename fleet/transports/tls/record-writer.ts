import type { Slot } from '../../protocols/protocol.ts';
import { type Aead, TAG_BYTES } from './aead.ts';
import { NativeBytes } from './libcrypto.ts';
import { type SlotKeys, sendingLane } from './slot-keys.ts';

/** Types of a record: RFC 8446, section 5.1. */
export const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, data: 23 } as const;

export const HEADER_BYTES = 5;
/** What a record carries at most: RFC 8446, section 5.1. */
export const MOST_RECORD_BYTES = 16_384;
/** What TLS 1.2 with AES-GCM says of its nonce with each record: RFC 5288, section 3. */
export const EXPLICIT_BYTES = 8;
/** `additional_data` of TLS 1.2: RFC 5246, section 6.2.3.3. */
export const DATA_12_BYTES = 13;

/** Header, explicit nonce or type, tag: what a record has beside what it carries, at most. */
const MOST_OVERHEAD_BYTES = HEADER_BYTES + EXPLICIT_BYTES + TAG_BYTES;
const ROOM_BYTES = 65_536;

/** Writes records one behind the other into a buffer that is there once for all slots. */
export class RecordWriter {
  readonly #keys: SlotKeys;
  readonly #aead: Aead;
  #room = new NativeBytes(ROOM_BYTES);
  readonly #data12 = new NativeBytes(DATA_12_BYTES);
  #length = 0;

  constructor(keys: SlotKeys, aead: Aead) {
    this.#keys = keys;
    this.#aead = aead;
  }

  /** Begins anew. @param byteCount that will be added, in that many records */
  start(byteCount: number, records: number): void {
    this.#length = 0;
    const needed = byteCount + records * MOST_OVERHEAD_BYTES;
    const size = Math.max(ROOM_BYTES, needed);
    // What a large message needed once isn't kept.
    if (this.#room.bytes.length < needed || this.#room.bytes.length > 16 * size) this.#room = new NativeBytes(size);
  }

  /** What was added since {@link start}; valid until then. */
  written(): Uint8Array {
    return this.#room.bytes.subarray(0, this.#length);
  }

  /** Adds a record. @param bytes no more than {@link MOST_RECORD_BYTES} */
  add(slot: Slot, type: number, bytes: Uint8Array): void {
    if (this.#keys.is12(slot)) this.#add12(slot, type, bytes);
    else this.#add13(slot, type, bytes);
    this.#keys.advance(sendingLane(slot));
  }

  #add13(slot: Slot, type: number, bytes: Uint8Array): void {
    const at = this.#length;
    const room = this.#room.bytes;
    const length = bytes.length + 1;
    this.#head(RECORD.data, length + TAG_BYTES);
    room.set(bytes, at + HEADER_BYTES);
    room[at + HEADER_BYTES + bytes.length] = type;
    const lane = sendingLane(slot);
    const address = this.#room.address + at;
    const high = this.#keys.numberHigh(lane);
    const low = this.#keys.numberLow(lane);
    this.#aead.seal(slot, high, low, address + HEADER_BYTES, length, address, HEADER_BYTES);
    this.#length = at + HEADER_BYTES + length + TAG_BYTES;
  }

  #add12(slot: Slot, type: number, bytes: Uint8Array): void {
    const at = this.#length;
    const room = this.#room.bytes;
    const lane = sendingLane(slot);
    const high = this.#keys.numberHigh(lane);
    const low = this.#keys.numberLow(lane);
    const explicit = explicitBytes(this.#keys, slot);
    const textAt = at + HEADER_BYTES + explicit;
    this.#head(type, explicit + bytes.length + TAG_BYTES);
    writeData12(this.#data12.bytes, high, low, type, bytes.length);
    for (let i = 0; i < explicit; i++) room[at + HEADER_BYTES + i] = this.#data12.bytes[i]!;
    room.set(bytes, textAt);
    const text = this.#room.address + textAt;
    this.#aead.seal(slot, high, low, text, bytes.length, this.#data12.address, DATA_12_BYTES);
    this.#length = textAt + bytes.length + TAG_BYTES;
  }

  #head(type: number, length: number): void {
    const room = this.#room.bytes;
    const at = this.#length;
    room[at] = type;
    room[at + 1] = 3;
    room[at + 2] = 3;
    room[at + 3] = length >> 8;
    room[at + 4] = length & 0xff;
  }
}

/** How much of a nonce stands in each record of TLS 1.2. */
export const explicitBytes = (keys: SlotKeys, slot: Slot): number =>
  keys.cipherOf(slot) === 'chacha20-poly1305' ? 0 : EXPLICIT_BYTES;

/** The record's number, type and version, and the length of what it carries. */
export function writeData12(data: Uint8Array, high: number, low: number, type: number, length: number): void {
  for (let i = 0; i < 4; i++) {
    data[i] = high >>> (24 - 8 * i);
    data[4 + i] = low >>> (24 - 8 * i);
  }
  data[8] = type;
  data[9] = 3;
  data[10] = 3;
  data[11] = length >> 8;
  data[12] = length & 0xff;
}
