import type { Slot } from '../../protocols/protocol.ts';
import { Aead } from './aead.ts';
import { ALERT, FATAL, WARNING } from './alerts.ts';
import { HalfRecords } from './half-records.ts';
import { LATE, LateMessages } from './late-messages.ts';
import { type LibCrypto, loadLibCrypto } from './libcrypto.ts';
import { RecordReader } from './record-reader.ts';
import { MOST_RECORD_BYTES, RECORD, RecordWriter } from './record-writer.ts';
import { LAST_NUMBER, NUMBERS_USED_UP, receivingLane, SlotKeys, sendingLane } from './slot-keys.ts';
import type { TrafficKeys } from './traffic-keys.ts';

/**
 * What records say. Each may release the slot, or end it: nothing of it is touched afterwards. None may feed bytes to the record layer.
 */
export interface RecordEvents {
  /** Wire bytes to be sent before all others. Only valid during the call. */
  onSend(slot: Slot, wire: Uint8Array): void;
  /** Data that came, never empty. Only valid during the call. */
  onPlain(slot: Slot, bytes: Uint8Array): void;
  /** The peer sends nothing more: close_notify. What comes behind it isn't read. */
  onPeerEnd(slot: Slot): void;
  /** A session ticket came. */
  onTicket(slot: Slot): void;
  /** The keys of one direction were changed. @param isOurs what we send with */
  onKeyUpdate(isOurs: boolean): void;
  /** The peer ended the connection by this fatal alert: nothing comes and nothing can be sent. */
  onAlert(slot: Slot, alertNumber: number): void;
  /** The peer broke the protocol. The fatal alert that is due was sent by {@link onSend}: nothing more can be. */
  onBroken(slot: Slot, detail: string): void;
}

/** What a worker may set otherwise; tests do. */
export interface RecordLayerOptions {
  readonly crypto?: LibCrypto;
  /** Records that are sent under one key with TLS 1.3. AES-GCM's are good for 2^24.5 full ones: RFC 8446, section 5.5. */
  readonly recordsPerKey?: number;
  /** What half records of all slots may take together. */
  readonly mostHeldBytes?: number | undefined;
}

const RECORDS_PER_KEY = 2 ** 24;
/** Messages and empty records on end, without data between: nobody needs them, and each costs work. */
const MOST_IDLE_MESSAGES = 200;

const NOTHING = new Uint8Array(0);
const KEY_UPDATE = Uint8Array.of(LATE.keyUpdate, 0, 0, 1, 0);
const CLOSE_NOTIFY = Uint8Array.of(WARNING, ALERT.closeNotify);
const NO_RENEGOTIATION = Uint8Array.of(WARNING, ALERT.noRenegotiation);

/**
 * The record layer of many connections, from the moment their handshake is over: TLS 1.3 (RFC 8446, section 5) and TLS 1.2 with AEAD
 * ciphers (RFC 5246, section 6.2). What is kept for each is in {@link SlotKeys}; all else is there once.
 */
export class RecordLayer {
  readonly #events: RecordEvents;
  readonly #keys: SlotKeys;
  readonly #aead: Aead;
  readonly #writer: RecordWriter;
  readonly #reader: RecordReader;
  readonly #messages: LateMessages;
  readonly #recordsPerKey: number;
  /** The slot whose bytes are being read, until it is released or starts anew. */
  #current: Slot = -1;

  /** @throws when the library's functions can't be had */
  constructor(slots: number, events: RecordEvents, options: RecordLayerOptions = {}) {
    const sink = {
      onRecord: (slot: Slot, type: number, content: Uint8Array) => this.#onRecord(slot, type, content),
      onMessage: (slot: Slot, type: number, value: number, isLast: boolean) =>
        this.#onMessage(slot, type, value, isLast),
      onFault: (slot: Slot, alert: number, detail: string) => void this.#break(slot, alert, detail),
    };
    this.#events = events;
    this.#keys = new SlotKeys(slots);
    this.#aead = new Aead(options.crypto ?? loadLibCrypto(), this.#keys);
    this.#writer = new RecordWriter(this.#keys, this.#aead);
    this.#reader = new RecordReader(this.#keys, this.#aead, sink, new HalfRecords(options.mostHeldBytes));
    this.#messages = new LateMessages(sink);
    this.#recordsPerKey = options.recordsPerKey ?? RECORDS_PER_KEY;
  }

  /**
   * The slot's handshake is over: its keys are copied.
   *
   * @param sent @param received records under these keys: with TLS 1.2 one each, which was Finished
   */
  begin(slot: Slot, keys: TrafficKeys, sent = 0, received = 0): void {
    this.release(slot);
    this.#keys.begin(slot, keys, sent, received);
  }

  /**
   * Data as it goes on the wire, in records of 16 KiB at most; a change of keys that is due goes before them.
   *
   * @returns valid until the next call of anything here; empty where nothing can be sent any more
   */
  seal(slot: Slot, bytes: Uint8Array): Uint8Array {
    if (!this.#keys.sends(slot) || bytes.length === 0) return NOTHING;
    const records = Math.ceil(bytes.length / MOST_RECORD_BYTES);
    const updates = this.#updatesWithin(slot, records);
    if (updates === undefined) return NOTHING;
    this.#writer.start(bytes.length + updates * KEY_UPDATE.length, records + updates);
    if (records === 1 && updates === 0) this.#writer.add(slot, RECORD.data, bytes);
    else this.#addData(slot, bytes);
    return this.#writer.written();
  }

  /**
   * close_notify: nothing can be sent behind it.
   *
   * @returns like {@link seal}; empty where it was said before
   */
  goodbye(slot: Slot): Uint8Array {
    if (!this.#keys.sends(slot)) return NOTHING;
    const wire = this.#sealed(slot, RECORD.alert, CLOSE_NOTIFY);
    this.#keys.stopSending(slot);
    return wire;
  }

  /** Feed what arrived. `wire` is only valid during the call. */
  onBytes(slot: Slot, wire: Uint8Array): void {
    if (!this.#keys.receives(slot)) return;
    this.#current = slot;
    this.#reader.read(slot, wire);
    this.#current = -1;
  }

  /** The connection is gone: its keys are forgotten. */
  release(slot: Slot): void {
    if (this.#current === slot) this.#current = -1;
    this.#keys.release(slot);
    this.#aead.forget(slot);
    this.#forgetPieces(slot);
  }

  /** Gives everything back. */
  dispose(): void {
    this.#current = -1;
    this.#aead.dispose();
  }

  /** What is kept for each slot, in arrays. */
  get bytesPerSlot(): number {
    return this.#keys.bytesPerSlot;
  }

  /** @returns whether to read on */
  #onRecord(slot: Slot, type: number, content: Uint8Array): boolean {
    if (type !== RECORD.handshake && this.#messages.isMidway(slot)) {
      return this.#break(slot, ALERT.unexpectedMessage, `a record of type ${type} within a handshake message`);
    }
    if (type === RECORD.data && content.length > 0) {
      this.#keys.clearIdle(slot);
      this.#events.onPlain(slot, content);
      return this.#goesOn(slot);
    }
    if (type === RECORD.data) return this.#countIdle(slot);
    if (type !== RECORD.alert && type !== RECORD.handshake) {
      return this.#break(slot, ALERT.unexpectedMessage, `a record of type ${type}`);
    }
    if (content.length === 0) {
      return this.#break(slot, ALERT.unexpectedMessage, `a record of type ${type} with nothing in it`);
    }
    if (type === RECORD.alert) return this.#onAlert(slot, content);
    return this.#countIdle(slot) && this.#messages.read(slot, content, this.#keys.is12(slot));
  }

  /** RFC 8446, section 6: all but two are fatal, whatever they say of themselves. RFC 5246, section 7.2: as they say. */
  #onAlert(slot: Slot, content: Uint8Array): boolean {
    const [level, alert] = content;
    if (content.length !== 2 || level === undefined || alert === undefined) {
      return this.#break(slot, ALERT.decodeError, `an alert of ${content.length} bytes`);
    }
    const is12 = this.#keys.is12(slot);
    if (is12 && level !== WARNING && level !== FATAL) {
      return this.#break(slot, ALERT.illegalParameter, `an alert of level ${level}`);
    }
    const isWarning = is12 ? level === WARNING : alert === ALERT.userCanceled;
    if (alert === ALERT.closeNotify) {
      this.#keys.stopReceiving(slot);
      this.#forgetPieces(slot);
      this.#events.onPeerEnd(slot);
      return false;
    }
    if (isWarning) return this.#countIdle(slot);
    this.#stop(slot);
    this.#events.onAlert(slot, alert);
    return false;
  }

  #onMessage(slot: Slot, type: number, value: number, isLast: boolean): boolean {
    if (type === LATE.newSessionTicket) {
      this.#events.onTicket(slot);
      return this.#goesOn(slot) && (isLast || this.#countIdle(slot));
    }
    if (type === LATE.helloRequest) {
      if (this.#keys.sends(slot)) this.#events.onSend(slot, this.#sealed(slot, RECORD.alert, NO_RENEGOTIATION));
      return this.#goesOn(slot) && (isLast || this.#countIdle(slot));
    }
    // What follows is under another key: RFC 8446, section 5.1.
    if (!isLast) return this.#break(slot, ALERT.unexpectedMessage, 'a KeyUpdate that does not end its record');
    this.#aead.update(slot, receivingLane(slot));
    this.#events.onKeyUpdate(false);
    if (!this.#goesOn(slot) || value === 0 || !this.#keys.sends(slot)) return this.#goesOn(slot);
    this.#writer.start(KEY_UPDATE.length, 1);
    this.#addKeyUpdate(slot);
    this.#events.onSend(slot, this.#writer.written());
    this.#events.onKeyUpdate(true);
    return this.#goesOn(slot);
  }

  /** How often keys have to be changed within that many records; undefined: they can't be, and no more can be sent. */
  #updatesWithin(slot: Slot, records: number): number | undefined {
    const number = this.#keys.numberOf(sendingLane(slot)) + records;
    if (!this.#keys.is12(slot)) return Math.floor(number / this.#recordsPerKey);
    if (number < LAST_NUMBER) return 0;
    this.#stop(slot);
    this.#events.onBroken(slot, NUMBERS_USED_UP);
    return undefined;
  }

  #addData(slot: Slot, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MOST_RECORD_BYTES) {
      const isDue = this.#keys.numberOf(sendingLane(slot)) >= this.#recordsPerKey - 1;
      if (isDue && !this.#keys.is12(slot)) {
        this.#addKeyUpdate(slot);
        this.#events.onKeyUpdate(true);
      }
      this.#writer.add(slot, RECORD.data, bytes.subarray(at, at + MOST_RECORD_BYTES));
    }
  }

  /** Says it under the old key, and goes on to the new one. */
  #addKeyUpdate(slot: Slot): void {
    this.#writer.add(slot, RECORD.handshake, KEY_UPDATE);
    this.#aead.update(slot, sendingLane(slot));
  }

  #countIdle(slot: Slot): boolean {
    if (this.#keys.countIdle(slot) <= MOST_IDLE_MESSAGES) return true;
    return this.#break(slot, ALERT.unexpectedMessage, `${MOST_IDLE_MESSAGES} messages on end without data`);
  }

  #goesOn(slot: Slot): boolean {
    return this.#current === slot && this.#keys.receives(slot);
  }

  #break(slot: Slot, alert: number, detail: string): false {
    const wire = this.#keys.sends(slot) ? this.#sealed(slot, RECORD.alert, Uint8Array.of(FATAL, alert)) : NOTHING;
    this.#stop(slot);
    if (wire.length > 0) this.#events.onSend(slot, wire);
    if (this.#current === slot) this.#events.onBroken(slot, detail);
    return false;
  }

  /** Nothing comes or goes any more. */
  #stop(slot: Slot): void {
    this.#keys.stopReceiving(slot);
    this.#keys.stopSending(slot);
    this.#forgetPieces(slot);
  }

  #forgetPieces(slot: Slot): void {
    this.#reader.forget(slot);
    this.#messages.forget(slot);
  }

  #sealed(slot: Slot, type: number, bytes: Uint8Array): Uint8Array {
    this.#writer.start(bytes.length, 1);
    this.#writer.add(slot, type, bytes);
    return this.#writer.written();
  }
}
