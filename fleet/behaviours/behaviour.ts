import type { TallyWriter } from '../local/shared.ts';
import type { Protocol, Slot } from '../protocols/protocol.ts';
import type { HistogramName } from '../wire.ts';
import type { Slots } from '../worker/slots.ts';
import type { MarkNumbers } from './time-mark.ts';

/** A reply that took longer, counted from the planned moment, is late. */
export const LATE_REPLY_MS = 1000;
/** Sent in one step at the most: the sockets want a turn, too. */
export const MOST_AT_ONCE = 1000;

/**
 * What one worker's open connections do. One for all of them: it goes round, so that no connection has a timer, and
 * keeps at most a few numbers per slot.
 */
export interface Behaviour {
  /** Does what is due. @returns ms until something is due again */
  step(nowMs: number): number;
  /** No more until the next step, which begins afresh: what would have been due meanwhile isn't made up for. */
  rest(): void;
  /** The connection is usable from now on. */
  onOpened(slot: Slot): void;
  /** Payload arrived on an open connection; valid during the call. */
  onPayload(slot: Slot, bytes: Uint8Array): void;
  /** A request was answered, with a status of this class (2 to 5), and the peer keeps the connection or closes it now. */
  onAnswer(slot: Slot, statusClass: number, staysOpen: boolean): void;
  /** The connection is no longer open. */
  onClosed(slot: Slot): void;
}

/** What behaviours work with; all of the worker's own. */
export interface BehaviourDeps<P extends Protocol = Protocol> {
  readonly slots: Slots;
  readonly protocol: P;
  readonly send: (slot: Slot, bytes: Uint8Array) => void;
  readonly tally: TallyWriter;
  readonly histograms: Readonly<Record<HistogramName, Uint32Array>>;
  readonly now: () => number;
  readonly marks: MarkNumbers;
}
