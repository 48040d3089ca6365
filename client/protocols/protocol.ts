import type { Outcome } from '../../core/outcomes.ts';
import type { ProtocolName } from '../../core/protocols.ts';

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
  /** The peer sent FIN: before the connection was usable that is a failure, later an orderly close. */
  onEnd(slot: Slot): void;
  /** A message ready to send: framed and masked where the protocol asks for it. A fresh array. */
  message(payload: Uint8Array): Uint8Array;
  /** The smallest thing that shows the peer we are alive: a ws ping, one byte of tcp. A fresh array. */
  heartbeat(): Uint8Array;
  /** First bytes of an orderly close; undefined when FIN alone is one. The peer's answer arrives as `onPeerClose`. */
  goodbye(slot: Slot): Uint8Array | undefined;
  /** The connection is gone: forget what was kept aside for it. */
  release(slot: Slot): void;
}

/** What a protocol finds in the bytes it is fed. Called synchronously from {@link Protocol.onBytes} and `onEnd`. */
export interface ProtocolEvents {
  /** Usable now. */
  onOpen(slot: Slot): void;
  /** Will never be usable. `detail` is for people: the status line, what was wrong with the key. */
  onHandshakeFailure(slot: Slot, outcome: Outcome, detail: string): void;
  /** Payload of an application message; `last` ends the message. tcp has no messages: each piece comes with `last` true. */
  onPayload(slot: Slot, bytes: Uint8Array, last: boolean): void;
  /** Bytes that the protocol itself has to answer with (pong, close echo). Only valid during the call. */
  onReply(slot: Slot, bytes: Uint8Array): void;
  /** The peer ended an open connection in order (FIN, or a close frame, which has been answered by then). */
  onPeerClose(slot: Slot, detail: string): void;
  /** The peer broke the protocol on an open connection; it has been told (close frame) where the protocol can. */
  onProtocolError(slot: Slot, detail: string): void;
}
