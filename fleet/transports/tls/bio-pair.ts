import type { Address } from './libcrypto.ts';
import { BIO_CTRL_PENDING, BIO_CTRL_RESET } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';

/** A flight of handshake messages is smaller, unless somebody's certificates are very many. */
const SCRATCH_BYTES = 65_536;
const NOTHING = new Uint8Array(0);

/**
 * What OpenSSL reads from and writes to instead of a socket: two pieces of memory that all its objects of a thread share. That works
 * since an object takes all there is, and keeps half a record to itself, so both are empty between two of our calls.
 */
export class BioPair {
  readonly #openssl: OpenSsl;
  readonly #input: Address;
  readonly #output: Address;
  #scratch = new Uint8Array(SCRATCH_BYTES);

  constructor(openssl: OpenSsl) {
    this.#openssl = openssl;
    this.#input = openssl.bioNew(openssl.memoryBio());
    this.#output = openssl.bioNew(openssl.memoryBio());
  }

  /** Gives both to an object, which frees its hold on them when it goes. */
  lendTo(ssl: Address): void {
    this.#openssl.bioHold(this.#input);
    this.#openssl.bioHold(this.#output);
    this.#openssl.setBio(ssl, this.#input, this.#output);
  }

  /** What came, for the object that is called next. */
  feed(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#openssl.bioWrite(this.#input, bytes, bytes.length);
  }

  /** What the object called last has to say, in order. Valid until the next call of this. */
  takeOutput(): Uint8Array {
    const size = this.#openssl.bioControl(this.#output, BIO_CTRL_PENDING, 0, null);
    if (size === 0) return NOTHING;
    if (size > this.#scratch.length) this.#scratch = new Uint8Array(2 * size);
    return this.#scratch.subarray(0, this.#openssl.bioRead(this.#output, this.#scratch, size));
  }

  /** What was fed and not read. */
  takeInput(): Uint8Array {
    const size = this.#openssl.bioControl(this.#input, BIO_CTRL_PENDING, 0, null);
    if (size === 0) return NOTHING;
    const rest = new Uint8Array(size);
    this.#openssl.bioRead(this.#input, rest, size);
    return rest;
  }

  /** After a failure: what the object left, nobody else may read. */
  dropInput(): void {
    this.#openssl.bioControl(this.#input, BIO_CTRL_RESET, 0, null);
  }

  dropOutput(): void {
    this.#openssl.bioControl(this.#output, BIO_CTRL_RESET, 0, null);
  }

  dispose(): void {
    this.#openssl.bioFree(this.#input);
    this.#openssl.bioFree(this.#output);
  }
}
