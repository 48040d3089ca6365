import type { Outcome } from '../../core/values/outcomes.ts';
import type { Slot } from '../protocols/protocol.ts';

/**
 * What lies between an engine and a protocol: wire bytes in, plain bytes out, and the other way round. No sockets and no timers.
 * What an engine carries as it is has none. State is a few numbers per slot, in typed arrays sized once.
 */
export interface Transport {
  /** TCP is established: starts this slot afresh. Its first bytes come by {@link TransportEvents.onSend}. */
  start(slot: Slot): void;
  /** Feed what arrived. `bytes` is only valid during the call. */
  onBytes(slot: Slot, bytes: Uint8Array): void;
  /**
   * Bytes of a secured slot as they go on the wire.
   *
   * @returns valid until the next call of anything here
   */
  seal(slot: Slot, bytes: Uint8Array): Uint8Array;
  /** Last bytes of an orderly close, like {@link seal}. */
  goodbye(slot: Slot): Uint8Array;
  /** For people, of a slot that isn't secured yet: what of the peer's answer has come. */
  cameSoFar(slot: Slot): string;
  /** The connection is gone: forget what was kept for it. */
  release(slot: Slot): void;
  /** Gives everything back. A second time it does nothing. */
  dispose(): void;
  readonly counts: Readonly<TransportCounts>;
}

/** What a transport has counted since it was made. */
export interface TransportCounts {
  /** Handshakes that were completed, and those of them that took up an earlier session. */
  secured: number;
  resumed: number;
  /**
   * Objects of the library, now: one for each handshake under way, for each connection that can't do without, and where sessions are
   * taken up for one that waits for its ticket.
   */
  objects: number;
  /** Those of them that stay as long as their connection. */
  keptObjects: number;
  /** Key updates that came, and that were sent. */
  keyUpdatesIn: number;
  keyUpdatesOut: number;
  /** Sessions that the server offered, told apart from nothing. */
  tickets: number;
}

/** What a transport finds. Called synchronously from {@link Transport.start} and `onBytes`; the slot may be released within. */
export interface TransportEvents {
  /** Wire bytes to be sent, in order. Only valid during the call. */
  onSend(slot: Slot, bytes: Uint8Array): void;
  /** The handshake is over: plain bytes can be sent and come. Once for each start, at most. */
  onSecured(slot: Slot): void;
  /** Plain bytes that came. Only valid during the call. */
  onPlain(slot: Slot, bytes: Uint8Array): void;
  /** The peer said that it sends nothing more: close_notify. Once at most. */
  onPeerEnd(slot: Slot): void;
  /**
   * It can't go on; what the peer has to be told was sent by {@link onSend}. Nothing is told of this slot afterwards.
   *
   * @param outcome what an attempt that wasn't open yet has come to
   * @param isStranger the peer doesn't speak this at all; else it is owed an orderly close
   */
  onFailure(slot: Slot, outcome: Outcome, detail: string, isStranger?: boolean): void;
}
