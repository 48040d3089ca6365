import type { ProtocolName } from '../../core/protocols/names.ts';
import type { Outcome } from '../../core/values/outcomes.ts';

/** A place for one connection in a worker: a small whole number, reused after the connection is gone. */
export type Slot = number;

/**
 * How one kind of connection becomes usable and talks: bytes in, findings out. No sockets, timers, counters or
 * per-connection objects: state is a few numbers per slot, in typed arrays sized once. What arrives in pieces (half a
 * response head, half a frame header) is kept aside only while it is in pieces.
 */
export interface Protocol {
  readonly name: ProtocolName;
  /**
   * Whether it takes an answer of the peer to make a connection usable; {@link ProtocolEvents.onOpen} says so then.
   * Otherwise it is usable as soon as the transport is.
   */
  readonly awaitsAnswer: boolean;
  /** The transport is up. Starts this slot afresh and returns the first bytes to send. Only valid until the next call. */
  hello(slot: Slot): Uint8Array | undefined;
  /** Feed what arrived. `bytes` is only valid during the call: the engine reuses its buffer. */
  onBytes(slot: Slot, bytes: Uint8Array): void;
  /** For people, of a slot that isn't usable yet: what of the peer's answer has come (`no answer`, `57 bytes of …`). */
  cameSoFar(slot: Slot): string;
  /** The peer sent FIN: before the connection was usable that is a failure, later an orderly close. */
  onEnd(slot: Slot): void;
  /** How long the peer wants those to wait that take the place of connections it ended, in ms; undefined: it doesn't say. */
  readonly retryMs?: number | undefined;
  /**
   * We close: first bytes of an orderly close; undefined when FIN alone is one. The peer's answer arrives as `onPeerClose`.
   */
  goodbye(slot: Slot): Uint8Array | undefined;
  /** The connection is gone: forget what was kept aside for it. */
  release(slot: Slot): void;
  /** Does what is due by the clock, where it has such things. @returns ms until something is due again */
  step?(nowMs: number): number;
}

/** Its open connections have something to say: all but event streams. */
export interface TalkingProtocol extends Protocol {
  /** The smallest thing that shows the peer we are alive, to be sent: a ws ping, one byte of tcp, a request of http. */
  heartbeat(slot: Slot): Uint8Array;
}

/** Its open connections exchange messages: tcp, ws. */
export interface MessageProtocol extends TalkingProtocol {
  /**
   * A message ready to send: compressed, framed and masked where the protocol asks for it. A fresh array.
   *
   * @param isText where the protocol tells text from bytes; the payload is UTF-8 then
   */
  message(slot: Slot, payload: Uint8Array, isText?: boolean): Uint8Array;
}

/** Its open connections ask and are answered: http. */
export interface RequestProtocol extends TalkingProtocol {
  /** A request to be sent; {@link ProtocolEvents.onAnswer} follows. Only valid until the next call. */
  request(slot: Slot): Uint8Array;
}

/** What a protocol finds in the bytes it is fed. Called synchronously from {@link Protocol.onBytes} and `onEnd`. */
export interface ProtocolEvents {
  /** Usable now. @param isDeclined without the extension that was offered */
  onOpen(slot: Slot, isDeclined?: boolean): void;
  /**
   * Will never be usable. `detail` is for people: the status line, what was wrong with the key.
   *
   * @param isStranger the peer doesn't speak the protocol at all; else it is owed an orderly close
   */
  onHandshakeFailure(slot: Slot, outcome: Outcome, detail: string, isStranger?: boolean): void;
  /**
   * Payload of an application message; `last` ends the message. tcp has no messages: each piece comes with `last` false.
   * For http it is the body of an answer, with `last` false: {@link onAnswer} ends it. For sse it is an event's data.
   */
  onPayload(slot: Slot, bytes: Uint8Array, last: boolean): void;
  /**
   * A request on an open connection is answered, in whole.
   *
   * @param statusClass the first digit of its status, 2 to 5
   * @param staysOpen the peer doesn't close after it; `onPeerClose` follows at once when it does
   */
  onAnswer(slot: Slot, statusClass: number, staysOpen: boolean): void;
  /**
   * Bytes that the protocol itself has to answer with (pong, close echo). Only valid during the call.
   *
   * @param replaces of several that wait to be sent only the last has to be: a pong
   */
  onReply(slot: Slot, bytes: Uint8Array, replaces?: boolean): void;
  /**
   * The peer ended an open connection in order: FIN, a close frame (answered by then), an answer that says so, or the end
   * of an event stream.
   *
   * @param keepsOpen the peer keeps the socket itself: that is for us to close
   */
  onPeerClose(slot: Slot, detail: string, keepsOpen?: boolean): void;
  /**
   * The peer broke the protocol on an open connection, or its limits; it has been told (close frame) where the protocol
   * can.
   */
  onProtocolError(slot: Slot, detail: string, reason?: 'protocol-error' | 'too-large'): void;
}
