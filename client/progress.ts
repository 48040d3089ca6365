import { followsRest } from '../core/behaviours/behaviours.ts';
import type { ProtocolName } from '../core/protocols/names.ts';
import type { Leg } from '../core/schemas/leg.ts';
import type { Estimate } from '../core/stats/slope.ts';
import type { Counts } from '../core/values/outcomes.ts';
import { type Phase, type Plan, peakOf, rampMsOf } from '../core/values/plan.ts';

/** Where a run is, a few times a second: for the live line. */
export interface Progress {
  readonly elapsedMs: number;
  /** From 0. */
  readonly launch: number;
  /** As far as is known: more may be needed until something is shown. */
  readonly launches: number;
  readonly leg: number;
  readonly legs: number;
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly phase: Phase;
  readonly level: number;
  /** Connections at the leg's top level. */
  readonly peak: number;
  readonly counts: Counts;
  /** Connections opened per second, over the time since the last progress. */
  readonly openedPerSecond: number;
  readonly targetBytes: number | null;
  /** The cost of one more connection, by the levels of this launch so far; null where these don't show it. */
  readonly cost: Estimate | null;
  /** Shares of a fleet over several machines that nobody holds for sure; 0 where the client holds all. */
  readonly sharesLost: number;
  /** Until the run is over, roughly. */
  readonly leftMs: number;
}

/** What a level goes on with, once it was read. */
export interface GoesOn {
  readonly churnMs: number;
  readonly soakMs: number | undefined;
}

/** Reading memory at a level takes about this long, on top of the ramps: for "time left" only. */
const MEASURE_MS = 1500;

/** Where a leg is. */
interface ProgressAt {
  readonly phase: Phase;
  readonly level: number;
  readonly endsAtMs?: number | undefined;
  /** Opens per second, where that isn't as planned. */
  readonly perSecond?: number;
}

/** Makes progress out of counts: rates and the time that is left. One for each leg. */
export class ProgressMeter {
  readonly #plan: Plan;
  readonly #launch: number;
  readonly #index: number;
  readonly #goesOn: GoesOn;
  #last = { elapsedMs: 0, attempts: 0 };

  constructor(plan: Plan, launch: number, index: number, goesOn: GoesOn) {
    this.#goesOn = goesOn;
    this.#plan = plan;
    this.#launch = launch;
    this.#index = index;
  }

  at(
    elapsedMs: number,
    at: ProgressAt,
    counts: Counts,
    known: Pick<Progress, 'targetBytes' | 'cost' | 'sharesLost'>,
  ): Progress {
    const { elapsedMs: before, attempts } = this.#last;
    const settledAttempts = counts.attempts - counts.opening;
    this.#last = { elapsedMs, attempts: settledAttempts };
    const { phase, level } = at;
    return {
      elapsedMs,
      launch: this.#launch,
      launches: Math.max(this.#plan.launches, this.#launch + 1),
      leg: this.#index,
      legs: this.#plan.legs.length,
      name: this.#leg.name,
      protocol: this.#leg.protocol,
      phase,
      level,
      peak: peakOf(this.#leg),
      counts,
      openedPerSecond:
        elapsedMs > before ? Math.max(0, ((settledAttempts - attempts) * 1000) / (elapsedMs - before)) : 0,
      ...known,
      leftMs: this.#leftMs(at, counts.open) + Math.max(0, (at.endsAtMs ?? elapsedMs) - elapsedMs),
    };
  }

  get #leg(): Plan['legs'][number] {
    return this.#plan.legs[this.#index]!;
  }

  #leftMs({ phase, level, perSecond }: ProgressAt, open: number): number {
    const { legs, launches } = this.#plan;
    const sumOf = (some: readonly Leg[]): number =>
      some.reduce((sum, leg) => sum + wholeMs(leg) + this.#goingOnMs(leg, 0), 0);
    const later = sumOf(legs.slice(this.#index + 1)) + Math.max(0, launches - this.#launch - 1) * sumOf(legs);
    const { levels, connectsPerSecond } = this.#leg;
    // How long an episode takes is what it is there to show.
    if (phase === 'storm' || phase === 'slow' || phase === 'vanish') return later + 2 * MEASURE_MS;
    // A burst comes all at once, and whether there is one shows only then.
    if (phase === 'drain' || phase === 'retained' || phase === 'burst') return later + MEASURE_MS;
    const isRead = phase === 'hold' || phase === 'churn' || phase === 'soak';
    const ahead = levels.filter((one) => one > level || (one === level && !isRead)).length;
    const going = phase === 'soak' ? 0 : this.#goingOnMs(this.#leg, phase === 'churn' ? level + 1 : level);
    const ramp = ((peakOf(this.#leg) - open) * 1000) / (perSecond ?? connectsPerSecond);
    return later + going + Math.max(0, ramp) + (ahead + 1) * MEASURE_MS;
  }

  /** What the levels of a leg go on with, from this one up, once they were read. */
  #goingOnMs({ levels, behaviour }: Leg, from: number): number {
    const { churnMs, soakMs = 0 } = this.#goesOn;
    const levelsLeft = levels.filter((one) => one >= from).length;
    const stretches = levelsLeft === 0 ? 0 : levelsLeft + (soakMs === 0 ? 1 : 0);
    return (followsRest(behaviour.kind) ? churnMs * stretches : 0) + soakMs;
  }
}

const wholeMs = (leg: Leg): number => rampMsOf(leg) + (leg.levels.length + 2 * leg.cycles) * MEASURE_MS;
