import type { Slot } from '../../protocols/protocol.ts';
import type { HashName } from './key-schedule.ts';
import { type Address, NativeBytes } from './libcrypto.ts';
import type { AeadName, TrafficKeys } from './traffic-keys.ts';

/** A slot has two lanes: what we send and what we receive. Each has keys and a number of its own. */
export type Lane = number;
export const sendingLane = (slot: Slot): Lane => 2 * slot;
export const receivingLane = (slot: Slot): Lane => 2 * slot + 1;
export const slotOf = (lane: Lane): Slot => lane >>> 1;

/** A traffic secret of SHA-384, or a key and an iv of TLS 1.2. */
const SECRET_BYTES = 48;
const IV_AT = 32;

/** Lowest two bits of what a slot is: which cipher. */
const CIPHERS: readonly AeadName[] = ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'];
const CIPHER_BITS = 0b11;
const IS_12 = 1 << 2;
const IS_SHA384 = 1 << 3;
/** What may still go on. */
const RECEIVES = 1 << 4;
const SENDS = 1 << 5;

/** A record beyond this number would come close to one that was there before; nobody gets there: at a million a second it takes nine years. */
export const LAST_NUMBER = 2 ** 48 - 1;
export const NUMBERS_USED_UP = 'the numbers of its records are used up';

/** What is kept of a connection whose handshake is over: {@link SlotKeys.bytesPerSlot}, in arrays sized once. */
export class SlotKeys {
  readonly #secrets: NativeBytes;
  readonly #numbersLow: Uint32Array;
  readonly #numbersHigh: Uint16Array;
  readonly #states: Uint8Array;
  readonly #idleMessages: Uint8Array;

  constructor(slots: number) {
    this.#secrets = new NativeBytes(Math.max(1, slots) * 2 * SECRET_BYTES);
    this.#numbersLow = new Uint32Array(2 * slots);
    this.#numbersHigh = new Uint16Array(2 * slots);
    this.#states = new Uint8Array(slots);
    this.#idleMessages = new Uint8Array(slots);
  }

  /** All of it, by the arrays there are. */
  get bytesPerSlot(): number {
    const arrays = [this.#secrets.bytes, this.#numbersLow, this.#numbersHigh, this.#states, this.#idleMessages];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0) / this.#states.length;
  }

  /** @param sent @param received records under these keys so far */
  begin(slot: Slot, keys: TrafficKeys, sent: number, received: number): void {
    const cipher = CIPHERS.indexOf(keys.cipher);
    if (keys.version === '1.3') {
      this.#put(sendingLane(slot), keys.clientSecret, 0);
      this.#put(receivingLane(slot), keys.serverSecret, 0);
      this.#states[slot] = cipher | (keys.hash === 'sha384' ? IS_SHA384 : 0) | RECEIVES | SENDS;
    } else {
      this.#put(sendingLane(slot), keys.clientKey, 0);
      this.#put(receivingLane(slot), keys.serverKey, 0);
      this.#put(sendingLane(slot), keys.clientIv, IV_AT);
      this.#put(receivingLane(slot), keys.serverIv, IV_AT);
      this.#states[slot] = cipher | IS_12 | RECEIVES | SENDS;
    }
    this.setNumber(sendingLane(slot), sent);
    this.setNumber(receivingLane(slot), received);
    this.#idleMessages[slot] = 0;
  }

  /** Forgets the keys, too. */
  release(slot: Slot): void {
    this.#states[slot] = 0;
    this.#secrets.bytes.fill(0, slot * 2 * SECRET_BYTES, (slot + 1) * 2 * SECRET_BYTES);
  }

  is12(slot: Slot): boolean {
    return (this.#states[slot]! & IS_12) !== 0;
  }

  cipherOf(slot: Slot): AeadName {
    return CIPHERS[this.#states[slot]! & CIPHER_BITS]!;
  }

  hashOf(slot: Slot): HashName {
    return (this.#states[slot]! & IS_SHA384) === 0 ? 'sha256' : 'sha384';
  }

  /** A traffic secret, or the key itself with TLS 1.2. */
  secretAddress(lane: Lane): Address {
    return this.#secrets.address + lane * SECRET_BYTES;
  }

  get secrets(): Uint8Array {
    return this.#secrets.bytes;
  }

  secretAt(lane: Lane): number {
    return lane * SECRET_BYTES;
  }

  /** A byte of the iv, with TLS 1.2; what isn't derived of a nonce is 0. */
  ivByte(lane: Lane, index: number): number {
    return this.#secrets.bytes[lane * SECRET_BYTES + IV_AT + index]!;
  }

  receives(slot: Slot): boolean {
    return (this.#states[slot]! & RECEIVES) !== 0;
  }

  sends(slot: Slot): boolean {
    return (this.#states[slot]! & SENDS) !== 0;
  }

  stopReceiving(slot: Slot): void {
    this.#states[slot] = this.#states[slot]! & ~RECEIVES;
  }

  stopSending(slot: Slot): void {
    this.#states[slot] = this.#states[slot]! & ~SENDS;
  }

  /** The number of the lane's next record: its upper and its lower half. */
  numberHigh(lane: Lane): number {
    return this.#numbersHigh[lane]!;
  }

  numberLow(lane: Lane): number {
    return this.#numbersLow[lane]!;
  }

  numberOf(lane: Lane): number {
    return this.#numbersHigh[lane]! * 2 ** 32 + this.#numbersLow[lane]!;
  }

  setNumber(lane: Lane, number: number): void {
    this.#numbersHigh[lane] = Math.floor(number / 2 ** 32);
    this.#numbersLow[lane] = number % 2 ** 32;
  }

  /** The next record is one further. */
  advance(lane: Lane): void {
    const low = (this.#numbersLow[lane]! + 1) >>> 0;
    this.#numbersLow[lane] = low;
    if (low === 0) this.#numbersHigh[lane] = this.#numbersHigh[lane]! + 1;
  }

  /** Counts what came and was no data, since data came last. */
  countIdle(slot: Slot): number {
    return ++this.#idleMessages[slot]!;
  }

  clearIdle(slot: Slot): void {
    this.#idleMessages[slot] = 0;
  }

  #put(lane: Lane, bytes: Uint8Array, at: number): void {
    const from = lane * SECRET_BYTES + at;
    const room = at === 0 ? SECRET_BYTES : SECRET_BYTES - IV_AT;
    this.#secrets.bytes.fill(0, from, from + room);
    this.#secrets.bytes.set(bytes, from);
  }
}
