/**
 * The rules by which the client itself was what limited a run. The report applies them to a record, a run's metrics to
 * what has happened so far.
 */

import type { Sample } from '../schemas/record.ts';
import { quantileMs, type SparseHistogram } from './histogram.ts';

/** Starting late by more than this although the window had room; a busy machine may be less late without spoiling anything. */
const OWN_LATE_MS = 1000;
/** Messages that leave this late make round trips of the client's lateness. */
const SEND_LATE_MS = 100;
/** This share of the processor time its threads could have had, while ramping, leaves no room for bursts. */
const BUSY_SHARE = 0.95;
/** Shorter ramps say nothing about processor time. */
const LEAST_RAMP_MS = 2000;

/** By how much the latest hundredth of attempts was late by the client's own fault; undefined when it was in time. */
export const ownLatenessMs = (ownLag: SparseHistogram): number | undefined => beyond(ownLag, OWN_LATE_MS);

/** The same of messages. */
export const sendLatenessMs = (sendLag: SparseHistogram): number | undefined => beyond(sendLag, SEND_LATE_MS);

function beyond(histogram: SparseHistogram, limitMs: number): number | undefined {
  const lateMs = quantileMs(histogram, 0.99) ?? 0;
  return lateMs > limitMs ? lateMs : undefined;
}

type Tick = Pick<Extract<Sample, { type: 'tick' }>, 'phase' | 'level' | 'elapsedMs' | 'generatorCpuSeconds'>;

/** Processor time between ticks of the ramps of a leg, against what the workers' threads could have had. */
export class RampBusiness {
  #cpuSeconds = 0;
  #wallMs = 0;
  #before: Tick | undefined;

  /** @param tick of one leg, in the order in which they were taken */
  add(tick: Tick): void {
    const before = this.#before;
    if (before?.phase === 'ramp' && tick.phase === 'ramp' && before.level === tick.level) {
      this.#cpuSeconds += tick.generatorCpuSeconds - before.generatorCpuSeconds;
      this.#wallMs += tick.elapsedMs - before.elapsedMs;
    }
    this.#before = tick;
  }

  /**
   * @param cores that the client's threads could have used
   * @returns the share that was used when it left no room; undefined when it did, or when ramps were too short to tell
   */
  tooBusy(cores: number): number | undefined {
    const share = (this.#cpuSeconds * 1000) / (this.#wallMs * cores);
    return this.#wallMs < LEAST_RAMP_MS || share < BUSY_SHARE ? undefined : share;
  }
}
