import type { Slot } from '../../protocols/protocol.ts';
import { ALERT } from './alerts.ts';

/** Types of handshake messages that come when the handshake is over: RFC 8446, section 4; RFC 5246, section 7.4.1.1. */
export const LATE = { helloRequest: 0, newSessionTicket: 4, keyUpdate: 24 } as const;

/** A message: its type, three bytes of length, and what it carries. */
const HEAD_BYTES = 4;
/** What is looked at: no message that counts here has more than one byte to say. */
const FIRST_BYTES = HEAD_BYTES + 1;
/** A ticket with the longest of everything: RFC 8446, section 4.6.1. */
const MOST_MESSAGE_BYTES = 4 + 4 + 1 + 255 + 2 + 65_535 + 2 + 65_534;

export interface LateMessageSink {
  /**
   * A whole message. @param value its first byte, 0 where it has none @param isLast nothing is behind it in its record
   *
   * @returns whether to read on
   */
  onMessage(slot: Slot, type: number, value: number, isLast: boolean): boolean;
  onFault(slot: Slot, alert: number, detail: string): void;
}

/** Messages after the handshake: several in a record, and one over several records. Only the first bytes of each are kept. */
export class LateMessages {
  readonly #sink: LateMessageSink;
  readonly #midways = new Map<Slot, Message>();
  #spare = new Message();

  constructor(sink: LateMessageSink) {
    this.#sink = sink;
  }

  /** Whether a message has come in part. */
  isMidway(slot: Slot): boolean {
    return this.#midways.size > 0 && this.#midways.has(slot);
  }

  forget(slot: Slot): void {
    if (this.#midways.size > 0) this.#midways.delete(slot);
  }

  /** Reads what a record carries, which isn't nothing. @returns whether to read on */
  read(slot: Slot, bytes: Uint8Array, is12: boolean): boolean {
    let at = 0;
    while (at < bytes.length) {
      const message = this.#midways.get(slot) ?? this.#spare;
      at = message.take(bytes, at);
      const fault = message.fault(is12);
      if (fault !== undefined) {
        this.#drop(slot, message);
        this.#sink.onFault(slot, fault.alert, fault.detail);
        return false;
      }
      if (!message.isWhole) {
        this.#midways.set(slot, message);
        if (message === this.#spare) this.#spare = new Message();
        return true;
      }
      const { type, value } = message;
      this.#drop(slot, message);
      if (!this.#sink.onMessage(slot, type, value, at === bytes.length)) return false;
    }
    return true;
  }

  #drop(slot: Slot, message: Message): void {
    this.forget(slot);
    message.clear();
  }
}

class Message {
  readonly #first = new Uint8Array(FIRST_BYTES);
  #came = 0;

  get type(): number {
    return this.#first[0]!;
  }

  get value(): number {
    return this.#first[HEAD_BYTES]!;
  }

  get isWhole(): boolean {
    return this.#came >= HEAD_BYTES && this.#came === HEAD_BYTES + this.#length;
  }

  get #length(): number {
    return this.#first[1]! * 65_536 + this.#first[2]! * 256 + this.#first[3]!;
  }

  /** Takes what is its own. @returns where the rest begins */
  take(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.#came < HEAD_BYTES) this.#first[this.#came++] = bytes[at++]!;
    if (this.#came < HEAD_BYTES) return at;
    const count = Math.min(bytes.length - at, HEAD_BYTES + this.#length - this.#came);
    if (this.#came === HEAD_BYTES && count > 0) this.#first[HEAD_BYTES] = bytes[at]!;
    this.#came += count;
    return at + count;
  }

  /** Known as soon as its head is there. */
  fault(is12: boolean): { alert: number; detail: string } | undefined {
    if (this.#came === 0) return undefined;
    const { type } = this;
    const isDue = is12 ? type === LATE.helloRequest : type === LATE.newSessionTicket || type === LATE.keyUpdate;
    if (!isDue) {
      return { alert: ALERT.unexpectedMessage, detail: `a handshake message of type ${type} on an open connection` };
    }
    if (this.#came < HEAD_BYTES) return undefined;
    const length = this.#length;
    const isFit =
      type === LATE.newSessionTicket ? length <= MOST_MESSAGE_BYTES : length === (type === LATE.keyUpdate ? 1 : 0);
    if (!isFit) return { alert: ALERT.decodeError, detail: `a handshake message of type ${type} with ${length} bytes` };
    if (type === LATE.keyUpdate && this.isWhole && this.value > 1) {
      return { alert: ALERT.illegalParameter, detail: `a KeyUpdate that says ${this.value}` };
    }
    return undefined;
  }

  clear(): void {
    this.#came = 0;
    this.#first.fill(0);
  }
}
