import type { Slot } from '../../protocols/protocol.ts';
import type { BioPair } from './bio-pair.ts';
import type { HandshakeFailure } from './failures.ts';
import { judgeRecords } from './judge.ts';
import type { Address } from './libcrypto.ts';
import { SSL_CTRL_MODE, SSL_ERROR_WANT_READ, SSL_ERROR_ZERO_RETURN, SSL_MODE_RELEASE_BUFFERS } from './libssl.ts';
import type { OpenSsl } from './openssl.ts';
import { MOST_RECORD_BYTES } from './record-writer.ts';
import { freeQuietly } from './sessions.ts';

/** What connections say that keep their object. Each may release the slot. */
interface KeptEvents {
  onSend(slot: Slot, bytes: Uint8Array): void;
  onPlain(slot: Slot, bytes: Uint8Array): void;
  onPeerEnd(slot: Slot): void;
  onFailure(slot: Slot, failure: HandshakeFailure): void;
}

const NOTHING = new Uint8Array(0);

/**
 * Connections of suites that our record layer doesn't have, such as those with CBC: OpenSSL goes on with their records, in an object
 * for each. That costs about 30 KB a connection, with its buffers given back between two records.
 */
export class KeptObjects {
  readonly #openssl: OpenSsl;
  readonly #bios: BioPair;
  readonly #events: KeptEvents;
  readonly #objects = new Map<Slot, Address>();
  readonly #plain = new Uint8Array(MOST_RECORD_BYTES);

  constructor(openssl: OpenSsl, bios: BioPair, events: KeptEvents) {
    this.#openssl = openssl;
    this.#bios = bios;
    this.#events = events;
  }

  get count(): number {
    return this.#objects.size;
  }

  /** The slot's handshake is over, and this goes on with its object. */
  begin(slot: Slot, ssl: Address): void {
    this.#openssl.sslControl(ssl, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, null);
    // Those of its handshake.
    this.#openssl.freeBuffers(ssl);
    this.#objects.set(slot, ssl);
  }

  /** @returns valid until the next call of anything here */
  seal(slot: Slot, bytes: Uint8Array): Uint8Array {
    const ssl = this.#objects.get(slot);
    if (ssl === undefined || bytes.length === 0) return NOTHING;
    this.#openssl.clearErrors();
    this.#openssl.sslWrite(ssl, bytes, bytes.length);
    this.#openssl.clearErrors();
    return this.#bios.takeOutput();
  }

  goodbye(slot: Slot): Uint8Array {
    const ssl = this.#objects.get(slot);
    if (ssl === undefined) return NOTHING;
    this.#openssl.sslShutdown(ssl);
    this.#openssl.clearErrors();
    return this.#bios.takeOutput();
  }

  /** Feed what arrived. None of the events may feed bytes to any object. */
  onBytes(slot: Slot, bytes: Uint8Array): void {
    const openssl = this.#openssl;
    const ssl = this.#objects.get(slot);
    if (ssl === undefined) return;
    openssl.clearErrors();
    this.#bios.feed(bytes);
    for (;;) {
      const length = openssl.sslRead(ssl, this.#plain, this.#plain.length);
      if (length <= 0) {
        this.#rest(slot, ssl, openssl.errorOf(ssl, length));
        return;
      }
      this.#events.onPlain(slot, this.#plain.subarray(0, length));
      if (this.#objects.get(slot) !== ssl) {
        this.#bios.dropInput();
        return;
      }
    }
  }

  release(slot: Slot): void {
    const ssl = this.#objects.get(slot);
    if (ssl === undefined) return;
    this.#objects.delete(slot);
    freeQuietly(this.#openssl, ssl);
  }

  dispose(): void {
    for (const slot of [...this.#objects.keys()]) this.release(slot);
  }

  /** Nothing more can be read now. */
  #rest(slot: Slot, ssl: Address, code: number): void {
    const failure =
      code === SSL_ERROR_WANT_READ || code === SSL_ERROR_ZERO_RETURN ? undefined : judgeRecords(this.#openssl);
    if (code !== SSL_ERROR_WANT_READ) this.#bios.dropInput();
    const answer = this.#bios.takeOutput();
    if (answer.length > 0) this.#events.onSend(slot, answer);
    if (this.#objects.get(slot) !== ssl) return;
    if (code === SSL_ERROR_ZERO_RETURN) this.#events.onPeerEnd(slot);
    else if (failure !== undefined) this.#events.onFailure(slot, failure);
  }
}
