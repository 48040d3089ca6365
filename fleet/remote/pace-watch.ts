import { monotonicClock } from '../local/shared.ts';
import type { ShareReport } from './messages.ts';
import { type Orders, RAMP_AFTER_MS } from './orders.ts';
import type { Reports } from './reports.ts';

/** A share that fell behind, by the figures of the ramp until then. */
export interface BehindShare {
  readonly share: number;
  readonly host: string;
  /** Attempts since the ramp began that were due by its part of the pace, and those that it has made. */
  readonly due: number;
  readonly opened: number;
  /** Processor time of its process in that time, in percent of one core; and the cores of its machine. */
  readonly cpuPercent: number;
  readonly cores: number;
  /** The most connections of it until then. */
  readonly part: number;
  /** Whether the others had room for more, so that it gets fewer from now on. */
  readonly isLowered: boolean;
}

/** What a share should have come to in a ramp, and what it has. */
interface Stretch {
  readonly share: number;
  readonly due: number;
  readonly opened: number;
  readonly perSecond: number;
}

/** A worker says once a second what it has counted. */
const LEAST_RAMP_MS = 3000;
/** One who is behind has made less of what was due than that, and is late by so much at its pace. */
const BEHIND = 0.8;
const LATE_SECONDS = 1;
/** Half of the others have made so much of theirs: else it is the target that is slow, or the pace that is too high for all. */
const KEPT = 0.9;
/** Those of whom nothing was heard for so long are not slow but lost, or on their way. */
const SILENT_MS = 3000;
/** Until it hears that it is to have fewer, it goes on. */
const HEARS_SECONDS = 2;

/** Shares that can't keep the pace, while most others do. Pure. */
export function behindAmong(stretches: readonly Stretch[]): Stretch[] {
  const kept = ({ due, opened }: Stretch): number => (due === 0 ? 1 : opened / due);
  return stretches.filter((one) => {
    const others = stretches.filter((other) => other !== one).map(kept);
    const half = others.sort((a, b) => a - b)[Math.floor((others.length - 1) / 2)];
    if (half === undefined || half < KEPT) return false;
    return kept(one) < BEHIND && one.due - one.opened > one.perSecond * LATE_SECONDS;
  });
}

/** Follows the ramps of a run, share by share. */
export class PaceWatch {
  readonly #reports: Reports;
  readonly #now = monotonicClock();
  #before: ReadonlyArray<ShareReport | undefined> = [];
  #steps: readonly number[] = [];
  #perSecond: readonly number[] = [];
  #beganAtMs = Number.POSITIVE_INFINITY;
  /** Shares that were told of in this ramp, or were told to go on in another way. */
  #told = new Set<number>();

  constructor(reports: Reports) {
    this.#reports = reports;
  }

  /** @param before what each share was to have until now */
  begin({ wanted, perSecond }: Orders, before: readonly number[]): void {
    this.#steps = wanted.map((own, share) => own - before[share]!);
    this.#perSecond = perSecond;
    this.#before = wanted.map((_, share) => this.#reports.sum.newest(share));
    this.#beganAtMs = this.#now() + RAMP_AFTER_MS;
    this.#told = new Set();
  }

  /** Some shares begin anew at their own pace: nothing is known of these until the next level. */
  changed({ wanted, perSecond }: Orders): void {
    for (const share of wanted.keys()) if (perSecond[share] !== this.#perSecond[share]) this.#told.add(share);
  }

  /** Each that is behind, once a ramp; `has`: what it has by the time that it hears of it. */
  look(): Array<Omit<BehindShare, 'host' | 'cores' | 'part' | 'isLowered'> & { readonly has: number }> {
    const stretches = this.#steps.flatMap((step, share) => this.#stretchOf(share, step) ?? []);
    return behindAmong(stretches)
      .filter(({ share }) => !this.#told.has(share))
      .map(({ share, due, opened, perSecond }) => {
        this.#told.add(share);
        const newest = this.#reports.sum.newest(share)!;
        const seconds = (this.#heardAtMs(share) - this.#beganAtMs) / 1000;
        const cpuSeconds = newest.cpuSeconds - (this.#before[share]?.cpuSeconds ?? 0);
        const { open, opening } = newest.tally;
        const has = Math.ceil(open + opening + (perSecond * HEARS_SECONDS * opened) / due);
        return { share, due, opened, cpuPercent: Math.round((cpuSeconds / seconds) * 100), has };
      });
  }

  #heardAtMs(share: number): number {
    return this.#now() - this.#reports.heardAgoMs(share);
  }

  #stretchOf(share: number, step: number): Stretch | undefined {
    const [before, newest] = [this.#before[share], this.#reports.sum.newest(share)];
    const heardAtMs = this.#heardAtMs(share);
    const isSame = newest !== undefined && newest.generation === (before?.generation ?? newest.generation);
    const elapsedMs = heardAtMs - this.#beganAtMs;
    if (step <= 0 || !isSame || elapsedMs < LEAST_RAMP_MS || this.#now() - heardAtMs > SILENT_MS) return undefined;
    const perSecond = this.#perSecond[share]!;
    const due = Math.min(step, Math.floor((perSecond * elapsedMs) / 1000));
    return { share, due, opened: Math.min(due, newest.tally.attempts - (before?.tally.attempts ?? 0)), perSecond };
  }
}
