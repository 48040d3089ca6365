import { isIP } from 'node:net';
import type { Slot } from '../../protocols/protocol.ts';
import type { BioPair } from './bio-pair.ts';
import { createTlsContext } from './context.ts';
import { takeReasons } from './error-queue.ts';
import { type HandshakeFailure, whatCame } from './failures.ts';
import { judgeHandshake } from './judge.ts';
import { HASH_BYTES } from './key-schedule.ts';
import { type Address, NULL } from './libcrypto.ts';
import { SSL_CTRL_SET_TLSEXT_HOSTNAME, SSL_ERROR_WANT_READ } from './libssl.ts';
import { lendKeyLogger, type OpenSsl } from './openssl.ts';
import type { Sessions } from './sessions.ts';
import { strangerToTls } from './stranger-to-tls.ts';
import type { TlsOptions } from './tls-options.ts';

/** What handshakes come to. Each may release the slot. */
interface HandshakeEvents {
  onSend(slot: Slot, bytes: Uint8Array): void;
  /** It is over, and the object belongs to whom is told. What has to be sent and what came behind it lies in its memory. */
  onDone(slot: Slot, done: FinishedHandshake): void;
  onFailure(slot: Slot, failure: HandshakeFailure): void;
}

/** One that is over. */
export interface FinishedHandshake {
  readonly ssl: Address;
  /** A session that was offered. */
  readonly offered: Address;
  /** Traffic secrets of TLS 1.3, valid during the call; empty with TLS 1.2. */
  readonly clientSecret: Uint8Array;
  readonly serverSecret: Uint8Array;
}

/** One that is under way. */
interface Underway {
  ssl: Address;
  offered: Address;
  cameBytes: number;
  /** As hexadecimal digits of the key log. */
  clientSecret: string;
  serverSecret: string;
}

const CLIENT_SECRET = 'CLIENT_TRAFFIC_SECRET_0 ';
const SERVER_SECRET = 'SERVER_TRAFFIC_SECRET_0 ';

/** Handshakes under way: each has an object of OpenSSL, `SSL`, of about 40 KB, from its start to its end. */
export class Handshakes {
  readonly #openssl: OpenSsl;
  readonly #context: Address;
  readonly #bios: BioPair;
  readonly #sessions: Sessions;
  readonly #events: HandshakeEvents;
  readonly #sni: string | null;
  readonly #logger: ReturnType<typeof lendKeyLogger>;
  readonly #underway = new Map<Slot, Underway>();
  /** Whose keys OpenSSL tells now. */
  #current: Underway | undefined;
  readonly #clientSecret = Buffer.alloc(HASH_BYTES.sha384);
  readonly #serverSecret = Buffer.alloc(HASH_BYTES.sha384);

  /** @throws Error with a sentence that says which option can't be taken */
  constructor(openssl: OpenSsl, options: TlsOptions, bios: BioPair, sessions: Sessions, events: HandshakeEvents) {
    this.#openssl = openssl;
    this.#bios = bios;
    this.#sessions = sessions;
    this.#events = events;
    this.#context = createTlsContext(openssl, options);
    this.#sni = isIP(options.servername) ? null : options.servername;
    this.#logger = lendKeyLogger((line) => this.#onKeyLine(line));
    openssl.setKeyLog(this.#context, this.#logger.pointer);
  }

  /** How many are under way: as many objects are there. */
  get count(): number {
    return this.#underway.size;
  }

  start(slot: Slot): void {
    const openssl = this.#openssl;
    const ssl = openssl.sslNew(this.#context);
    if (ssl === NULL) {
      const detail = `OpenSSL makes no object: ${takeReasons(openssl)}`;
      this.#events.onFailure(slot, { outcome: 'error', detail, isStranger: false });
      return;
    }
    this.#bios.lendTo(ssl);
    if (this.#sni !== null) openssl.sslControl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, this.#sni);
    const offered = this.#sessions.offerTo(ssl);
    const underway = { ssl, offered, cameBytes: 0, clientSecret: '', serverSecret: '' };
    this.#underway.set(slot, underway);
    this.#advance(slot, underway);
  }

  onBytes(slot: Slot, bytes: Uint8Array): void {
    const underway = this.#underway.get(slot);
    if (underway === undefined || bytes.length === 0) return;
    const stranger = underway.cameBytes === 0 ? strangerToTls(bytes) : undefined;
    if (stranger !== undefined) {
      // OpenSSL would wait for five bytes, and forget what they were.
      this.release(slot);
      this.#events.onFailure(slot, { outcome: 'bad-handshake', detail: stranger, isStranger: true });
      return;
    }
    underway.cameBytes += bytes.length;
    this.#bios.feed(bytes);
    this.#advance(slot, underway);
  }

  /** For people: what of the peer's answer has come. */
  cameSoFar(slot: Slot): string {
    return whatCame(this.#underway.get(slot)?.cameBytes ?? 0);
  }

  release(slot: Slot): void {
    const underway = this.#underway.get(slot);
    if (underway === undefined) return;
    this.#underway.delete(slot);
    this.#openssl.sslFree(underway.ssl);
  }

  dispose(): void {
    for (const slot of [...this.#underway.keys()]) this.release(slot);
    this.#openssl.contextFree(this.#context);
    this.#logger.giveBack();
  }

  #advance(slot: Slot, underway: Underway): void {
    const openssl = this.#openssl;
    // What an earlier call left, of whomever, would be taken for this one's.
    openssl.clearErrors();
    this.#current = underway;
    const result = openssl.connect(underway.ssl);
    this.#current = undefined;
    if (result === 1) {
      this.#done(slot, underway);
      return;
    }
    const code = openssl.errorOf(underway.ssl, result);
    if (code === SSL_ERROR_WANT_READ) {
      this.#send(slot);
      return;
    }
    const failure = judgeHandshake(openssl, underway.ssl, code);
    this.#bios.dropInput();
    this.release(slot);
    this.#send(slot);
    this.#events.onFailure(slot, failure);
  }

  #done(slot: Slot, underway: Underway): void {
    this.#underway.delete(slot);
    const length = underway.clientSecret.length / 2;
    this.#clientSecret.write(underway.clientSecret, 'hex');
    this.#serverSecret.write(underway.serverSecret, 'hex');
    this.#events.onDone(slot, {
      ssl: underway.ssl,
      offered: underway.offered,
      clientSecret: this.#clientSecret.subarray(0, length),
      serverSecret: this.#serverSecret.subarray(0, length),
    });
    this.#clientSecret.fill(0);
    this.#serverSecret.fill(0);
  }

  #send(slot: Slot): void {
    const bytes = this.#bios.takeOutput();
    if (bytes.length > 0) this.#events.onSend(slot, bytes);
  }

  #onKeyLine(line: string): void {
    const underway = this.#current;
    if (underway === undefined) return;
    if (line.startsWith(CLIENT_SECRET)) underway.clientSecret = line.slice(line.lastIndexOf(' ') + 1);
    else if (line.startsWith(SERVER_SECRET)) underway.serverSecret = line.slice(line.lastIndexOf(' ') + 1);
  }
}
