import assert from 'node:assert/strict';
import { timedName } from '../../client/conductor/recorder.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type Phase, readLegName } from '../../core/values/plan.ts';
import { foldedLegs, readEvents, readRunJson, readSamples } from '../support/connrig.ts';
import type { Series } from '../support/prometheus.ts';

/** What is known of a run from its own folder. */
export interface Facts {
  /** What its metrics call it. */
  readonly name: string;
  readonly run: RunFile;
  /** With what its levels come to in place of nothing where a leg is inconclusive. Its metrics have no cost then. */
  readonly summary: Summary;
  readonly samples: readonly Sample[];
  readonly events: readonly RunEvent[];
  /** Seconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** When its command had ended, and with it the last word of its metrics. */
  readonly knownAt: number;
  /** When Prometheus got an answer from the run, in seconds since the epoch; beside a busy machine it misses some. */
  readonly scrapedAt: readonly number[];
}

export function factsOf(folder: string, summary: Summary): Omit<Facts, 'scrapedAt'> {
  const run = readRunJson(folder);
  const startedAt = new Date(run.startedAt);
  const folded = foldedLegs(folder);
  return {
    name: timedName(startedAt, run.name),
    run,
    summary: {
      ...summary,
      legs: summary.legs.map((leg, i) => (leg.inconclusive ? { ...folded[i]!, inconclusive: leg.inconclusive } : leg)),
    },
    samples: readSamples(folder),
    events: readEvents(folder),
    startedAt: startedAt.getTime() / 1000,
    finishedAt: Date.parse(run.finishedAt!) / 1000,
    knownAt: Date.now() / 1000,
  };
}

/** @throws AssertionError when the answer is none, or not as it must be */
export type Check = (answer: readonly Series[], facts: Facts) => void;
/** One for each query of a group: none can be forgotten. */
export type ChecksOf<G> = { readonly [K in keyof G]: Check };

export type TickSample = Extract<Sample, { type: 'tick' }>;
export const ticksOf = ({ samples }: Facts): TickSample[] => samples.filter((sample) => sample.type === 'tick');

/** @param name of the leg, which tells apart those of one protocol: `ws`, `wss` */
export function legOf({ summary }: Facts, name: string | undefined): LegSummary {
  const leg = summary.legs.find((one) => one.name === name);
  assert.ok(leg, `a leg called ${name}`);
  return leg;
}

/** The last progress of a leg: everything that was counted. */
export function findLegProgress({ run, samples }: Facts, name: string) {
  const end = samples.findLast((sample) => sample.type === 'leg-end' && readLegName(run.plan, sample.leg) === name);
  assert.ok(end?.type === 'leg-end');
  return end.progress;
}

/** Phases with when they began and ended, in seconds since the epoch. */
export function phasesOf({ run, events, startedAt, finishedAt }: Facts) {
  const begun = events.filter((event) => event.type === 'phase');
  return begun.map(({ elapsedMs, phase, leg, level }, i) => ({
    phase: phase satisfies Phase,
    leg: readLegName(run.plan, leg),
    level,
    from: startedAt + elapsedMs / 1000,
    to: begun[i + 1] ? startedAt + begun[i + 1]!.elapsedMs / 1000 : finishedAt,
  }));
}
