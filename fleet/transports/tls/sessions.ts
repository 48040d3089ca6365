import type { Slot } from '../../protocols/protocol.ts';
import type { BioPair } from './bio-pair.ts';
import { type Address, NULL } from './libcrypto.ts';
import { BOTH_SHUT_DOWN, TLS1_3_VERSION } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';

const SCRATCH_BYTES = 16_384;

/**
 * The session that a worker offers to the server with each open, as a client that comes again. With TLS 1.3 a session arrives after
 * the handshake. So one connection, the donor, keeps its object until then: that only listens to what the connection is sent.
 */
export class Sessions {
  readonly #openssl: OpenSsl;
  readonly #bios: BioPair;
  readonly #isOn: boolean;
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  #session: Address = NULL;
  #donorSlot: Slot = -1;
  #donor: Address = NULL;
  /** Whether the donor's object is there for this alone. */
  #isDonorOurs = false;

  constructor(openssl: OpenSsl, bios: BioPair, isOn: boolean) {
    this.#openssl = openssl;
    this.#bios = bios;
    this.#isOn = isOn;
  }

  /** Objects that are kept for it: the donor's. */
  get count(): number {
    return this.#isDonorOurs ? 1 : 0;
  }

  /** @returns the session that the object is to offer now; 0: none */
  offerTo(ssl: Address): Address {
    if (this.#session === NULL) return NULL;
    // An object that failed marks its session as one that can't be taken up again.
    if (this.#openssl.isResumable(this.#session) !== 1) this.#drop();
    else this.#openssl.setSession(ssl, this.#session);
    return this.#session;
  }

  /**
   * A handshake is over.
   *
   * @param isKept its object stays with its connection
   * @returns whether its object is needed for a while, and freed here
   */
  takes(slot: Slot, ssl: Address, offered: Address, isResumed: boolean, isKept: boolean): boolean {
    if (!this.#isOn || isResumed) return false;
    // The server didn't take it up: it has forgotten it, or is another one. Where none was offered that says nothing.
    if (offered !== NULL && offered === this.#session) this.#drop();
    if (this.#session !== NULL || this.#donor !== NULL) return false;
    if (this.#openssl.protocolOf(ssl) !== TLS1_3_VERSION) {
      this.#take(ssl);
      return false;
    }
    this.#donorSlot = slot;
    this.#donor = ssl;
    this.#isDonorOurs = !isKept;
    return this.#isDonorOurs;
  }

  isDonor(slot: Slot): boolean {
    return slot === this.#donorSlot;
  }

  /** What comes for the donor, before its connection gets it. */
  listen(bytes: Uint8Array): void {
    if (!this.#isDonorOurs) return;
    const openssl = this.#openssl;
    openssl.clearErrors();
    this.#bios.feed(bytes);
    while (openssl.sslRead(this.#donor, this.#scratch, this.#scratch.length) > 0);
    openssl.clearErrors();
    this.#bios.dropInput();
    // Its connection answers by itself.
    this.#bios.dropOutput();
    this.look();
  }

  /** The donor's object has read what came: is there a session? */
  look(): void {
    this.#take(this.#donor);
    if (this.#session !== NULL) this.release(this.#donorSlot);
  }

  /** The connection is gone. */
  release(slot: Slot): void {
    if (this.#donor === NULL || slot !== this.#donorSlot) return;
    if (this.#isDonorOurs) freeQuietly(this.#openssl, this.#donor);
    this.#isDonorOurs = false;
    this.#donor = NULL;
    this.#donorSlot = -1;
  }

  dispose(): void {
    this.release(this.#donorSlot);
    this.#drop();
  }

  #take(ssl: Address): void {
    const session = this.#openssl.holdSession(ssl);
    if (session === NULL) return;
    if (this.#openssl.isResumable(session) === 1) this.#session = session;
    else this.#openssl.sessionFree(session);
  }

  #drop(): void {
    if (this.#session !== NULL) this.#openssl.sessionFree(this.#session);
    this.#session = NULL;
  }
}

/** An object that goes without a close_notify would mark its session as one that can't be taken up again. */
export function freeQuietly(openssl: OpenSsl, ssl: Address): void {
  openssl.setShutdown(ssl, BOTH_SHUT_DOWN);
  openssl.sslFree(ssl);
}
