import type { HistogramName, TallyWriter } from '../fleet/shared.ts';
import type { Slots } from '../fleet/slots.ts';
import type { Protocol, Slot } from '../protocols/protocol.ts';

/**
 * What one worker's open connections do. One for all of them: it goes round, so that no connection has a timer, and
 * keeps at most a few numbers per slot.
 */
export interface Behaviour {
  /** Does what is due. @returns ms until something is due again */
  step(nowMs: number): number;
  /** No more until the next step, which begins afresh: what would have been due meanwhile isn't made up for. */
  rest(): void;
  /** Payload arrived on an open connection; valid during the call. */
  onPayload(slot: Slot, bytes: Uint8Array): void;
  /** The connection is no longer open. */
  onClosed(slot: Slot): void;
}

/** What behaviours work with; all of the worker's own. */
export interface BehaviourDeps {
  readonly slots: Slots;
  readonly protocol: Protocol;
  readonly send: (slot: Slot, bytes: Uint8Array) => void;
  readonly tally: TallyWriter;
  readonly histograms: Readonly<Record<HistogramName, Uint32Array>>;
  readonly now: () => number;
}
