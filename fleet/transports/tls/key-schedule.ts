import { createHmac } from 'node:crypto';
import { type Address, type LibCrypto, NativeBytes, NULL } from './libcrypto.ts';
import type { AeadName, TrafficKeys } from './traffic-keys.ts';

export type HashName = 'sha256' | 'sha384';
export const HASH_BYTES = { sha256: 32, sha384: 48 } as const satisfies Record<HashName, number>;
export const KEY_BYTES = {
  'aes-128-gcm': 16,
  'aes-256-gcm': 32,
  'chacha20-poly1305': 32,
} as const satisfies Record<AeadName, number>;
/** What a nonce is made of, and so what an iv has, RFC 8446, section 5.3. */
export const NONCE_BYTES = 12;
/** What TLS 1.2 derives of it: the rest of a nonce of AES-GCM goes with each record (RFC 5288, section 3; RFC 7905, section 2). */
const FIXED_BYTES = { 'aes-128-gcm': 4, 'aes-256-gcm': 4, 'chacha20-poly1305': 12 } as const;

/** As much as the largest hash has: HMAC writes a whole one, whatever is wanted of it. */
export const MOST_HASH_BYTES = 64;

/** Where things lie in what {@link KeySchedule} shares with the library. */
const KEY_AT = 0;
const IV_AT = MOST_HASH_BYTES;
const LABELS_AT = 2 * MOST_HASH_BYTES;

/** What is expanded to how many bytes; the next secret is as long as a hash. */
type LabelName = 'key16' | 'key32' | 'iv' | HashName;

/** What derives keys of traffic secrets, RFC 8446, section 7.3: HMAC, again and again in two contexts of its own. */
export class KeySchedule {
  readonly #crypto: LibCrypto;
  readonly #mac: Address;
  readonly #contexts: Record<HashName, Address>;
  readonly #memory = new NativeBytes(1024);
  readonly #labels: Record<LabelName, { readonly address: Address; readonly length: number }>;

  constructor(crypto: LibCrypto) {
    this.#crypto = crypto;
    this.#mac = crypto.macFetch(null, 'HMAC', null);
    this.#contexts = { sha256: this.#makeContext('sha256'), sha384: this.#makeContext('sha384') };
    let at = LABELS_AT;
    const place = (label: Uint8Array) => {
      this.#memory.bytes.set(label, at);
      at += label.length;
      return { address: this.#memory.address + at - label.length, length: label.length };
    };
    this.#labels = {
      key16: place(expandLabel('key', 16)),
      key32: place(expandLabel('key', 32)),
      iv: place(expandLabel('iv', NONCE_BYTES)),
      sha256: place(expandLabel('traffic upd', HASH_BYTES.sha256)),
      sha384: place(expandLabel('traffic upd', HASH_BYTES.sha384)),
    };
  }

  /** Where the key and the iv lie that {@link derive} left. */
  get keyAddress(): Address {
    return this.#memory.address + KEY_AT;
  }

  /** A byte of the key, or of the iv, that {@link derive} left. */
  keyByte(index: number): number {
    return this.#memory.bytes[KEY_AT + index]!;
  }

  ivByte(index: number): number {
    return this.#memory.bytes[IV_AT + index]!;
  }

  /** Where HMAC with this hash is done. */
  contextOf(hash: HashName): Address {
    return this.#contexts[hash];
  }

  /** Leaves the key and the iv of a traffic secret in memory of its own, until the next call. */
  derive(hash: HashName, secret: Address, keyBytes: 16 | 32): void {
    this.#expand(hash, secret, keyBytes === 16 ? 'key16' : 'key32', KEY_AT);
    this.#expand(hash, NULL, 'iv', IV_AT);
  }

  /** Puts the next traffic secret in the place of this one: RFC 8446, section 7.2. */
  update(hash: HashName, secret: Address, bytes: Uint8Array, at: number): void {
    const length = HASH_BYTES[hash];
    this.#expand(hash, secret, hash, KEY_AT);
    bytes.set(this.#memory.bytes.subarray(KEY_AT, KEY_AT + length), at);
    this.forget();
  }

  /** Leaves nothing of the keys derived last. */
  forget(): void {
    this.#memory.bytes.fill(0, KEY_AT, LABELS_AT);
  }

  dispose(): void {
    this.forget();
    for (const context of Object.values(this.#contexts)) this.#crypto.macContextFree(context);
    this.#crypto.macFree(this.#mac);
  }

  /** HKDF-Expand-Label with no context and no more than a hash of output. @param secret {@link NULL}: the one before */
  #expand(hash: HashName, secret: Address, label: LabelName, at: number): void {
    const context = this.#contexts[hash];
    const info = this.#labels[label];
    const isDone =
      this.#crypto.macInit(context, secret, secret === NULL ? 0 : HASH_BYTES[hash], NULL) === 1 &&
      this.#crypto.macUpdate(context, info.address, info.length) === 1 &&
      this.#crypto.macFinal(context, this.#memory.address + at, NULL, MOST_HASH_BYTES) === 1;
    if (!isDone) throw new Error(`HMAC with ${hash} failed`);
  }

  #makeContext(hash: HashName): Address {
    const context = this.#crypto.macContextNew(this.#mac);
    const parameters = digestParameters(hash);
    const key = new NativeBytes(HASH_BYTES[hash]);
    if (this.#crypto.macInit(context, key.address, key.bytes.length, parameters.address) !== 1) {
      throw new Error(`HMAC with ${hash} can't be had`);
    }
    return context;
  }
}

/** `HkdfLabel` of RFC 8446, section 7.1, with the number of the block behind it that HKDF-Expand adds (RFC 5869, section 2.3). */
export function expandLabel(label: string, length: number): Uint8Array {
  const text = Buffer.from(`tls13 ${label}`, 'latin1');
  return Uint8Array.of(length >> 8, length & 0xff, text.length, ...text, 0, 1);
}

/** `OSSL_PARAM[2]`: which hash; see OSSL_PARAM(3). All of it is in one piece of memory, 64-bit words. */
function digestParameters(hash: HashName): NativeBytes {
  const memory = new NativeBytes(128);
  const words = new BigUint64Array(memory.bytes.buffer);
  const name = Buffer.from('digest\0', 'latin1');
  const value = Buffer.from(`${hash}\0`, 'latin1');
  memory.bytes.set(name, 80);
  memory.bytes.set(value, 96);
  words[0] = BigInt(memory.address + 80);
  // Its type is an unsigned int with four bytes of padding behind it.
  new Uint32Array(memory.bytes.buffer)[2] = OSSL_PARAM_UTF8_STRING;
  words[2] = BigInt(memory.address + 96);
  words[3] = BigInt(value.length - 1);
  return memory;
}
const OSSL_PARAM_UTF8_STRING = 4;

export interface Handshake12 {
  readonly cipher: AeadName;
  readonly hash: HashName;
  readonly masterSecret: Uint8Array;
  readonly clientRandom: Uint8Array;
  readonly serverRandom: Uint8Array;
}

/** What TLS 1.2 goes on with: RFC 5246, section 6.3; there are no MAC keys with these ciphers. */
export function keyBlock12(handshake: Handshake12): TrafficKeys & { version: '1.2' } {
  const { cipher, hash, masterSecret, clientRandom, serverRandom } = handshake;
  const key = KEY_BYTES[cipher];
  const iv = FIXED_BYTES[cipher];
  const block = prf12(hash, masterSecret, 'key expansion', Buffer.concat([serverRandom, clientRandom]), 2 * (key + iv));
  return {
    version: '1.2',
    cipher,
    clientKey: block.subarray(0, key),
    serverKey: block.subarray(key, 2 * key),
    clientIv: block.subarray(2 * key, 2 * key + iv),
    serverIv: block.subarray(2 * key + iv),
  };
}

/** RFC 5246, section 5. */
export function prf12(hash: HashName, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const hmac = (...parts: Uint8Array[]) => {
    const state = createHmac(hash, secret);
    for (const part of parts) state.update(part);
    return state.digest();
  };
  const whole = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  const blocks: Uint8Array[] = [];
  let a: Uint8Array = whole;
  for (let made = 0; made < length; made += HASH_BYTES[hash]) {
    a = hmac(a);
    blocks.push(hmac(a, whole));
  }
  return Uint8Array.prototype.slice.call(Buffer.concat(blocks), 0, length);
}
