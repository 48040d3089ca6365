import type { Slot } from '../../protocols/protocol.ts';
import type { Transport, TransportCounts, TransportEvents } from '../transport.ts';
import { Agreements } from './agreements.ts';
import { BioPair } from './bio-pair.ts';
import { alertFailure, brokenFailure, type HandshakeFailure } from './failures.ts';
import { type FinishedHandshake, Handshakes } from './handshakes.ts';
import { KeptObjects } from './kept.ts';
import { loadOpenSsl, type OpenSsl } from './openssl.ts';
import { RecordLayer } from './record-layer.ts';
import { freeQuietly, Sessions } from './sessions.ts';
import type { Agreement, TlsOptions } from './tls-options.ts';
import { trafficKeysOf } from './traffic-keys-of.ts';

/** Where a slot is. */
const IDLE = 0;
const SHAKING = 1;
/** Its records are read and written by ours, or by an object of its own. */
const DROPPED = 2;
const KEPT = 3;
/** It has failed: nothing is told of it any more. */
const OVER = 4;

/**
 * TLS by the OpenSSL of this process. Its object for a connection goes when the handshake is over. A record layer of ours goes on
 * with two secrets and two numbers: about a hundred bytes instead of 40 KB.
 *
 * @param onAgreed told of each different agreement once
 * @throws Error with a sentence when OpenSSL can't be had, or doesn't take these options
 */
export function createTlsTransport(
  options: TlsOptions,
  slots: number,
  events: TransportEvents,
  onAgreed: (agreement: Agreement) => void,
): Transport {
  return new TlsTransport(loadOpenSsl(), options, slots, events, onAgreed);
}

class TlsTransport implements Transport {
  readonly #openssl: OpenSsl;
  readonly #events: TransportEvents;
  readonly #phases: Uint8Array;
  readonly #bios: BioPair;
  readonly #agreements: Agreements;
  readonly #sessions: Sessions;
  readonly #handshakes: Handshakes;
  readonly #kept: KeptObjects;
  readonly #records: RecordLayer;
  readonly counts: TransportCounts;

  constructor(
    openssl: OpenSsl,
    options: TlsOptions,
    slots: number,
    events: TransportEvents,
    onAgreed: (agreement: Agreement) => void,
  ) {
    this.#openssl = openssl;
    this.#events = events;
    this.#phases = new Uint8Array(slots);
    const onSend = (slot: Slot, bytes: Uint8Array) => events.onSend(slot, bytes);
    const onPlain = (slot: Slot, bytes: Uint8Array) => events.onPlain(slot, bytes);
    const onPeerEnd = (slot: Slot) => events.onPeerEnd(slot);
    const onFailure = (slot: Slot, failure: HandshakeFailure) => this.#fail(slot, failure);
    this.#bios = new BioPair(openssl);
    this.#agreements = new Agreements(openssl, options.alpn.length > 0, onAgreed);
    this.#sessions = new Sessions(openssl, this.#bios, options.resume);
    this.#handshakes = new Handshakes(openssl, options, this.#bios, this.#sessions, {
      onSend,
      onDone: (slot, done) => this.#secured(slot, done),
      onFailure,
    });
    this.#kept = new KeptObjects(openssl, this.#bios, { onSend, onPlain, onPeerEnd, onFailure });
    this.#records = new RecordLayer(
      slots,
      {
        onSend,
        onPlain,
        onPeerEnd,
        onTicket: () => void this.counts.tickets++,
        onKeyUpdate: (isOurs) => void (isOurs ? this.counts.keyUpdatesOut++ : this.counts.keyUpdatesIn++),
        onAlert: (slot, alert) => onFailure(slot, alertFailure(alert, true)),
        onBroken: (slot, detail) => onFailure(slot, brokenFailure(detail)),
      },
      { crypto: openssl },
    );
    this.counts = countsOver(this.#handshakes, this.#kept, this.#sessions);
  }

  start(slot: Slot): void {
    this.release(slot);
    this.#phases[slot] = SHAKING;
    this.#handshakes.start(slot);
  }

  onBytes(slot: Slot, bytes: Uint8Array): void {
    const phase = this.#phases[slot];
    if (phase === DROPPED) {
      if (this.#sessions.isDonor(slot)) this.#sessions.listen(slot, bytes);
      this.#records.onBytes(slot, bytes);
    } else if (phase === SHAKING) this.#handshakes.onBytes(slot, bytes);
    else if (phase === KEPT) {
      this.#kept.onBytes(slot, bytes);
      if (this.#sessions.isDonor(slot)) this.#sessions.look(slot);
    }
  }

  seal(slot: Slot, bytes: Uint8Array): Uint8Array {
    return this.#phases[slot] === KEPT ? this.#kept.seal(slot, bytes) : this.#records.seal(slot, bytes);
  }

  goodbye(slot: Slot): Uint8Array {
    return this.#phases[slot] === KEPT ? this.#kept.goodbye(slot) : this.#records.goodbye(slot);
  }

  cameSoFar(slot: Slot): string {
    return this.#handshakes.cameSoFar(slot);
  }

  release(slot: Slot): void {
    const phase = this.#phases[slot];
    if (phase === IDLE) return;
    this.#phases[slot] = IDLE;
    this.#handshakes.release(slot);
    this.#kept.release(slot);
    this.#sessions.release(slot);
    this.#records.release(slot);
  }

  dispose(): void {
    this.#phases.fill(IDLE);
    this.#kept.dispose();
    this.#sessions.dispose();
    this.#handshakes.dispose();
    this.#records.dispose();
    this.#bios.dispose();
  }

  #secured(slot: Slot, { ssl, offered, clientSecret, serverSecret }: FinishedHandshake): void {
    const openssl = this.#openssl;
    this.#agreements.note(ssl);
    this.counts.secured++;
    const isResumed = openssl.isReused(ssl) === 1;
    if (isResumed) this.counts.resumed++;
    const behind = this.#bios.takeInput();
    const keys = trafficKeysOf(openssl, ssl, clientSecret, serverSecret);
    const isDonor = this.#sessions.takes(slot, ssl, offered, isResumed, keys === undefined);
    if (keys === undefined) this.#kept.begin(slot, ssl);
    else if (keys.version === '1.2') this.#records.begin(slot, keys, 1, 1);
    else this.#records.begin(slot, keys);
    if (keys !== undefined && !isDonor) freeQuietly(openssl, ssl);
    const phase = keys === undefined ? KEPT : DROPPED;
    this.#phases[slot] = phase;
    const finished = this.#bios.takeOutput();
    if (finished.length > 0) this.#events.onSend(slot, finished);
    if (this.#phases[slot] !== phase) return;
    this.#events.onSecured(slot);
    if (behind.length > 0 && this.#phases[slot] === phase) this.onBytes(slot, behind);
  }

  #fail(slot: Slot, { outcome, detail, isStranger }: HandshakeFailure): void {
    if (this.#phases[slot] === IDLE || this.#phases[slot] === OVER) return;
    this.release(slot);
    this.#phases[slot] = OVER;
    this.#events.onFailure(slot, outcome, detail, isStranger);
  }
}

/** Counts of objects are read where they are. */
function countsOver(handshakes: Handshakes, kept: KeptObjects, sessions: Sessions): TransportCounts {
  return {
    secured: 0,
    resumed: 0,
    get objects() {
      return handshakes.count + kept.count + sessions.count;
    },
    get keptObjects() {
      return kept.count;
    },
    keyUpdatesIn: 0,
    keyUpdatesOut: 0,
    tickets: 0,
  };
}
