import type { Slot } from '../../protocols/protocol.ts';
import type { BioPair } from './bio-pair.ts';
import { type Address, NULL } from './libcrypto.ts';
import { BOTH_SHUT_DOWN, TLS1_3_VERSION } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';

const SCRATCH_BYTES = 16_384;
/** Sessions that are kept, or waited for, where each is good for one open. */
const MOST_SPARE = 256;

/** An object that a session is waited for from. */
interface Donor {
  readonly ssl: Address;
  /** Its connection goes on without it: it is there for this alone. */
  readonly isOurs: boolean;
}

/**
 * The session that a worker offers to the server with each open, as a client that comes again. With TLS 1.3 a session arrives after
 * the handshake. So one connection, the donor, keeps its object until then: that only listens to what the connection is sent.
 *
 * Some servers take each session up once (RFC 8446, section 8.1). Then every connection is a donor, for one session.
 */
export class Sessions {
  readonly #openssl: OpenSsl;
  readonly #bios: BioPair;
  readonly #isOn: boolean;
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #donors = new Map<Slot, Donor>();
  /** One, or where each is good for one open, the oldest first. */
  readonly #sessions: Address[] = [];
  #isOnceEach = false;
  /** How often the session has been taken up. */
  #takenUp = 0;
  #ours = 0;

  constructor(openssl: OpenSsl, bios: BioPair, isOn: boolean) {
    this.#openssl = openssl;
    this.#bios = bios;
    this.#isOn = isOn;
  }

  /** Objects that are there for it alone. */
  get count(): number {
    return this.#ours;
  }

  /** @returns the session that the object is to offer now, to be compared and no more; 0: none */
  offerTo(ssl: Address): Address {
    const [session = NULL] = this.#sessions;
    if (session === NULL) return NULL;
    // An object that failed marks its session as one that can't be taken up again.
    const isGood = this.#openssl.isResumable(session) === 1;
    if (isGood) this.#openssl.setSession(ssl, session);
    if (this.#isOnceEach || !isGood) this.#drop();
    return isGood ? session : NULL;
  }

  /**
   * A handshake is over.
   *
   * @param isKept its object stays with its connection
   * @returns whether its object is needed for a while, and freed here
   */
  takes(slot: Slot, ssl: Address, offered: Address, isResumed: boolean, isKept: boolean): boolean {
    if (!this.#isOn) return false;
    const is13 = this.#openssl.protocolOf(ssl) === TLS1_3_VERSION;
    this.#learn(offered, isResumed, is13);
    const isWanted = this.#isOnceEach && is13 ? this.#wants(MOST_SPARE) : !isResumed && this.#wants(1);
    if (!isWanted) return false;
    if (!is13) {
      this.#take(ssl);
      return false;
    }
    this.#donors.set(slot, { ssl, isOurs: !isKept });
    if (!isKept) this.#ours++;
    return !isKept;
  }

  isDonor(slot: Slot): boolean {
    return this.#donors.size > 0 && this.#donors.has(slot);
  }

  /** What comes for a donor, before its connection gets it. */
  listen(slot: Slot, bytes: Uint8Array): void {
    const donor = this.#donors.get(slot);
    if (donor === undefined || !donor.isOurs) return;
    const openssl = this.#openssl;
    openssl.clearErrors();
    this.#bios.feed(bytes);
    while (openssl.sslRead(donor.ssl, this.#scratch, this.#scratch.length) > 0);
    openssl.clearErrors();
    this.#bios.dropInput();
    // Its connection answers by itself.
    this.#bios.dropOutput();
    this.look(slot);
  }

  /** The donor's object has read what came: is there a session? */
  look(slot: Slot): void {
    const donor = this.#donors.get(slot);
    if (donor !== undefined && this.#take(donor.ssl)) this.release(slot);
  }

  /** The connection is gone. */
  release(slot: Slot): void {
    const donor = this.#donors.size === 0 ? undefined : this.#donors.get(slot);
    if (donor === undefined) return;
    this.#donors.delete(slot);
    if (!donor.isOurs) return;
    this.#ours--;
    freeQuietly(this.#openssl, donor.ssl);
  }

  dispose(): void {
    for (const slot of [...this.#donors.keys()]) this.release(slot);
    while (this.#sessions.length > 0) this.#drop();
  }

  /** What became of the session that was offered, if one was. */
  #learn(offered: Address, isResumed: boolean, is13: boolean): void {
    if (offered === NULL) return;
    if (isResumed) {
      this.#takenUp++;
      return;
    }
    // Another one is offered by now.
    if (offered !== this.#sessions[0]) return;
    // The server has forgotten it, or is another one; where it took it up just once, it may take up each once.
    if (is13 && this.#takenUp === 1) this.#isOnceEach = true;
    this.#drop();
  }

  #wants(most: number): boolean {
    return this.#sessions.length + this.#donors.size < most;
  }

  /** @returns whether there is one */
  #take(ssl: Address): boolean {
    const session = this.#openssl.holdSession(ssl);
    if (session === NULL) return false;
    const isGood = this.#openssl.isResumable(session) === 1;
    if (isGood) this.#sessions.push(session);
    else this.#openssl.sessionFree(session);
    return isGood;
  }

  #drop(): void {
    const session = this.#sessions.shift();
    if (session !== undefined) this.#openssl.sessionFree(session);
    this.#takenUp = 0;
  }
}

/** An object that goes without a close_notify would mark its session as one that can't be taken up again. */
export function freeQuietly(openssl: OpenSsl, ssl: Address): void {
  openssl.setShutdown(ssl, BOTH_SHUT_DOWN);
  openssl.sslFree(ssl);
}
