import { recordMs } from '../../core/stats/histogram.ts';
import type { TallyWriter } from '../local/shared.ts';
import type { Slot } from '../protocols/protocol.ts';
import { COUNTER, type HistogramName } from '../wire.ts';
import type { Slots } from './slots.ts';

/** How long a connection had been open when it was lost, and how long nothing had been said on it, in ms. */
export interface Lived {
  readonly openMs: number;
  readonly silentMs: number;
}

/**
 * How long connections live, so that the times of those that are lost tell why. Moments are whole ms in typed arrays; what
 * nothing is said on leaves its part of them untouched, which takes no memory.
 */
export class Lifetimes {
  readonly #slots: Slots;
  readonly #epochMs: number;
  /** When we, and when the peer, last said something; 0: not since it opened. */
  readonly #said: Uint32Array;
  readonly #heard: Uint32Array;

  /** @param epochMs nothing happens before */
  constructor(slots: Slots, epochMs: number) {
    this.#slots = slots;
    this.#epochMs = epochMs;
    this.#said = new Uint32Array(slots.capacity);
    this.#heard = new Uint32Array(slots.capacity);
  }

  opened(slot: Slot, nowMs: number): void {
    this.#slots.noteOpened(slot, nowMs);
    // Writing a 0 would take the memory that reading it doesn't.
    if (this.#said[slot] !== 0) this.#said[slot] = 0;
    if (this.#heard[slot] !== 0) this.#heard[slot] = 0;
  }

  said(slot: Slot, nowMs: number): void {
    this.#said[slot] = nowMs - this.#epochMs;
  }

  heard(slot: Slot, nowMs: number): void {
    this.#heard[slot] = nowMs - this.#epochMs;
  }

  /** Counts one that the peer, or what lies between, has ended. Before it is launched again. */
  lost(slot: Slot, nowMs: number, tally: TallyWriter, histograms: Readonly<Record<HistogramName, Uint32Array>>): Lived {
    const openMs = Math.max(0, nowMs - this.#slots.openedAtMs(slot));
    const unsaidMs = Math.min(openMs, this.#since(this.#said[slot]!, nowMs));
    const silentMs = Math.min(unsaidMs, this.#since(this.#heard[slot]!, nowMs));
    recordMs(histograms.lossAge, openMs);
    recordMs(histograms.lossSilence, silentMs);
    recordMs(histograms.lossUnsaid, unsaidMs);
    if (tally.get(COUNTER.firstLossAtMs) === 0) tally.set(COUNTER.firstLossAtMs, nowMs);
    tally.set(COUNTER.lastLossAtMs, nowMs);
    return { openMs, silentMs };
  }

  #since(at: number, nowMs: number): number {
    return at === 0 ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - this.#epochMs - at);
  }
}
