import type { Slot } from '../../protocols/protocol.ts';
import { KEY_BYTES, KeySchedule, NONCE_BYTES } from './key-schedule.ts';
import { type Address, type LibCrypto, NativeBytes, NULL } from './libcrypto.ts';
import { type Lane, receivingLane, type SlotKeys, sendingLane, slotOf } from './slot-keys.ts';
import type { AeadName } from './traffic-keys.ts';

/** What a record grows by when it is sealed: the same with all ciphers here. */
export const TAG_BYTES = 16;

/**
 * Lanes whose keys are at hand, each in a context of the library that has its key schedule, with about 1 KiB. A lane has one place
 * that it may be in: a power of two. Deriving costs less than a microsecond, so more would gain little.
 */
const PLACES = 256;

const FETCHED: Record<AeadName, string> = {
  'aes-128-gcm': 'AES-128-GCM',
  'aes-256-gcm': 'AES-256-GCM',
  'chacha20-poly1305': 'ChaCha20-Poly1305',
};

/** EVP_EncryptInit(3), controls of AEAD ciphers. */
const GET_TAG = 0x10;
const SET_TAG = 0x11;

/** Where things lie in what {@link Aead} shares with the library. */
const NONCE_AT = 0;
const LENGTH_AT = 16;

/** Seals and opens what records carry, in place, with the keys of {@link SlotKeys}. */
export class Aead {
  readonly #crypto: LibCrypto;
  readonly #keys: SlotKeys;
  readonly #schedule: KeySchedule;
  readonly #ciphers = new Map<AeadName, Address>();
  readonly #owners = new Int32Array(PLACES).fill(-1);
  readonly #contexts = new Float64Array(PLACES);
  readonly #contextCiphers: (AeadName | undefined)[] = Array.from({ length: PLACES });
  readonly #ivs = new Uint8Array(PLACES * NONCE_BYTES);
  readonly #memory = new NativeBytes(64);
  readonly #nonce = this.#memory.address + NONCE_AT;
  readonly #length = this.#memory.address + LENGTH_AT;

  constructor(crypto: LibCrypto, keys: SlotKeys) {
    this.#crypto = crypto;
    this.#keys = keys;
    this.#schedule = new KeySchedule(crypto);
  }

  /** How often keys had to be derived or loaded. */
  loads = 0;

  /**
   * Encrypts in place; the tag comes behind.
   *
   * @param high @param low what the nonce is made of beside the iv: the record's number, or what it says itself with TLS 1.2
   */
  seal(slot: Slot, high: number, low: number, text: Address, length: number, data: Address, dataLength: number): void {
    const crypto = this.#crypto;
    const context = this.#ready(sendingLane(slot), 1, high, low);
    const isSealed =
      crypto.cipherUpdate(context, NULL, this.#length, data, dataLength) === 1 &&
      (length === 0 || crypto.cipherUpdate(context, text, this.#length, text, length) === 1) &&
      crypto.cipherFinal(context, text + length, this.#length) === 1 &&
      crypto.cipherControl(context, GET_TAG, TAG_BYTES, text + length) === 1;
    if (!isSealed) throw new Error('a record could not be sealed');
  }

  /**
   * Decrypts in place. The tag lies behind.
   *
   * @param length without the tag
   * @returns false where it isn't what the peer sealed; then what lies there is nothing
   */
  open(
    slot: Slot,
    high: number,
    low: number,
    text: Address,
    length: number,
    data: Address,
    dataLength: number,
  ): boolean {
    const crypto = this.#crypto;
    const context = this.#ready(receivingLane(slot), 0, high, low);
    const isOpened =
      crypto.cipherControl(context, SET_TAG, TAG_BYTES, text + length) === 1 &&
      crypto.cipherUpdate(context, NULL, this.#length, data, dataLength) === 1 &&
      (length === 0 || crypto.cipherUpdate(context, text, this.#length, text, length) === 1) &&
      crypto.cipherFinal(context, text + length, this.#length) === 1;
    if (!isOpened) crypto.clearErrors();
    return isOpened;
  }

  /** Goes on to the lane's next traffic secret. */
  update(slot: Slot, lane: Lane): void {
    const keys = this.#keys;
    this.#schedule.update(keys.hashOf(slot), keys.secretAddress(lane), keys.secrets, keys.secretAt(lane));
    keys.setNumber(lane, 0);
    this.#forgetLane(lane);
  }

  /** The slot's keys are others from now on, or none. */
  forget(slot: Slot): void {
    this.#forgetLane(sendingLane(slot));
    this.#forgetLane(receivingLane(slot));
  }

  dispose(): void {
    for (const context of this.#contexts) if (context !== NULL) this.#crypto.cipherContextFree(context);
    for (const cipher of this.#ciphers.values()) this.#crypto.cipherFree(cipher);
    this.#contexts.fill(NULL);
    this.#ciphers.clear();
    this.#owners.fill(-1);
    this.#ivs.fill(0);
    this.#schedule.dispose();
  }

  /** A context with the lane's key and this nonce. */
  #ready(lane: Lane, isSealing: number, high: number, low: number): Address {
    const place = lane & (PLACES - 1);
    if (this.#owners[place] !== lane) this.#load(place, lane, isSealing);
    const context = this.#contexts[place]!;
    const nonce = this.#memory.bytes;
    const iv = place * NONCE_BYTES;
    for (let i = 0; i < 4; i++) {
      nonce[i] = this.#ivs[iv + i]!;
      nonce[4 + i] = this.#ivs[iv + 4 + i]! ^ (high >>> (24 - 8 * i));
      nonce[8 + i] = this.#ivs[iv + 8 + i]! ^ (low >>> (24 - 8 * i));
    }
    if (this.#crypto.cipherInit(context, NULL, NULL, NULL, this.#nonce, isSealing) !== 1) {
      throw new Error('a nonce was refused');
    }
    return context;
  }

  #load(place: number, lane: Lane, isSealing: number): void {
    this.loads++;
    const keys = this.#keys;
    const slot = slotOf(lane);
    const cipher = keys.cipherOf(slot);
    const context = this.#contextFor(place, cipher, isSealing);
    const secret = keys.secretAddress(lane);
    const ivs = this.#ivs;
    const iv = place * NONCE_BYTES;
    let key = secret;
    if (keys.is12(slot)) {
      for (let i = 0; i < NONCE_BYTES; i++) ivs[iv + i] = keys.ivByte(lane, i);
    } else {
      this.#schedule.derive(keys.hashOf(slot), secret, KEY_BYTES[cipher]);
      key = this.#schedule.keyAddress;
      for (let i = 0; i < NONCE_BYTES; i++) ivs[iv + i] = this.#schedule.ivByte(i);
    }
    if (this.#crypto.cipherInit(context, NULL, NULL, key, NULL, isSealing) !== 1) throw new Error('a key was refused');
    this.#owners[place] = lane;
  }

  #contextFor(place: number, cipher: AeadName, isSealing: number): Address {
    this.#owners[place] = -1;
    if (this.#contexts[place] === NULL) this.#contexts[place] = this.#crypto.cipherContextNew();
    const context = this.#contexts[place]!;
    if (this.#contextCiphers[place] !== cipher) {
      if (this.#crypto.cipherInit(context, this.#fetched(cipher), NULL, NULL, NULL, isSealing) !== 1) {
        throw new Error(`${cipher} was refused`);
      }
      this.#contextCiphers[place] = cipher;
    }
    return context;
  }

  #fetched(cipher: AeadName): Address {
    let fetched = this.#ciphers.get(cipher);
    if (fetched === undefined) {
      fetched = this.#crypto.cipherFetch(null, FETCHED[cipher], null);
      if (fetched === NULL) throw new Error(`${FETCHED[cipher]} can't be had`);
      this.#ciphers.set(cipher, fetched);
    }
    return fetched;
  }

  #forgetLane(lane: Lane): void {
    const place = lane & (PLACES - 1);
    if (this.#owners[place] === lane) this.#owners[place] = -1;
  }
}
