import type { ProtocolName } from '../../core/protocols/names.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import { recordMs } from '../../core/stats/histogram.ts';
import { type CloseReason, PEER_LOSSES } from '../../core/values/outcomes.ts';
import type { Slot } from '../protocols/protocol.ts';
import { Returns } from './returns.ts';

/** @returns undefined where connections of this protocol are no event streams */
export const streamsOf = (protocol: ProtocolName, slots: number, gaps: Uint32Array): Streams | undefined =>
  DESCRIPTORS[protocol].exchange === 'events' ? new Streams(slots, gaps) : undefined;

/**
 * Times of a worker's event streams: how long nothing happens between two events of one, and when one that the peer ended is
 * to be opened again. A number for each slot.
 */
export class Streams {
  readonly #gaps: Uint32Array;
  readonly #returns: Returns;
  /** When the last event came, above 0; 0: none has come since it opened. */
  readonly #heardAtMs: Float64Array;

  /** @param gaps the distribution of times between events */
  constructor(slots: number, gaps: Uint32Array) {
    this.#gaps = gaps;
    this.#returns = new Returns(slots);
    this.#heardAtMs = new Float64Array(slots);
  }

  opened(slot: Slot): void {
    // Writing a 0 would take the memory that reading it doesn't.
    if (this.#heardAtMs[slot] !== 0) this.#heardAtMs[slot] = 0;
  }

  /** An event is whole. */
  heard(slot: Slot, nowMs: number): void {
    const lastMs = this.#heardAtMs[slot]!;
    if (lastMs !== 0) recordMs(this.#gaps, nowMs - lastMs);
    this.#heardAtMs[slot] = nowMs;
  }

  /** @param retryMs how long the peer wants its place to stay empty; undefined: it didn't say */
  left(reason: CloseReason, retryMs: number | undefined, nowMs: number): void {
    if (retryMs !== undefined && PEER_LOSSES.has(reason)) this.#returns.add(nowMs, retryMs);
  }

  /** Places that stay empty now, since the peer wants it so. */
  awayAt(nowMs: number): number {
    return this.#returns.waitingAt(nowMs);
  }

  nextInMs(nowMs: number): number {
    return this.#returns.nextInMs(nowMs);
  }

  /** Another number is wanted: the pace towards it is the run's. */
  aimAnew(): void {
    this.#returns.clear();
  }
}
