import { EXIT } from '../core/errors.ts';
import { quantileMs } from '../core/histogram.ts';
import type { Leg } from '../core/plan.ts';
import type { MemoryPoint, RunFile } from '../core/record.ts';
import { type LegSummary, SUMMARY_SCHEMA, type Summary } from '../core/summary.ts';
import { humanMs } from '../core/units.ts';
import { forecastOf, limitersOf } from './capacity.ts';
import { generatorSlope, summarizeLeg } from './leg-summary.ts';
import type { RunRecord } from './read-run.ts';

/** Starting late by more than this, one time in a hundred, is no longer the pace that was asked for. */
const LATE_MS = 250;

/** From a recorded run to its verdict. Pure: the same record gives the same summary, byte for byte. */
export function summarize(record: RunRecord): Summary {
  const { run, samples } = record;
  // Legs come one after the other: one that never began has no samples, and neither has any after it.
  const legs = run.plan.legs
    .filter((_, index) => samples.some((sample) => sample.leg === index))
    .map((leg, index) => summarizeLeg(record, leg, index));
  const { status, exitCode } = standingOf(run);
  return {
    schema: SUMMARY_SCHEMA,
    status,
    exitCode,
    name: run.name,
    target: { kind: run.target.kind, name: run.target.name, urls: run.target.urls },
    error: errorOf(record),
    warnings: warningsOf(record, legs),
    legs,
    forecast: legs.flatMap(forecastOf),
    limiters: legs.flatMap((leg, index) => limitersOf(run, leg, index)),
    thresholds: [],
    generator: generatorOf(record, legs),
  };
}

/** A run that never got to say how it ended was killed, or still runs. */
function standingOf(run: RunFile): Pick<Summary, 'status' | 'exitCode'> {
  if (run.status === 'running' || run.exitCode === null) return { status: 'interrupted', exitCode: EXIT.interrupted };
  return { status: run.status, exitCode: run.exitCode };
}

function errorOf({ run, events }: RunRecord): Summary['error'] {
  const first = events.find((event) => event.type === 'error');
  if (first) return { code: first.code, message: first.message, hint: first.hint };
  if (run.status === 'passed') return null;
  // Whatever else ends a run early is an event first.
  if (run.status !== 'running') {
    return {
      code: 'EOUT',
      message: 'the record breaks off: it could not be written',
      hint: '--out a folder with room',
    };
  }
  return {
    code: 'EINTERRUPTED',
    message: 'the run has no end: its client was killed, or is still running',
    hint: 'connrig report <run folder> again once it is over',
  };
}

function warningsOf({ run, samples, events, problems }: RunRecord, legs: readonly LegSummary[]): string[] {
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
  const points = samples.filter((sample): sample is MemoryPoint => sample.type === 'memory');
  for (const leg of legs) {
    const restless = leg.levels.filter(({ settled }) => !settled).map(({ open }) => open);
    if (restless.length > 0) {
      warnings.push(`${leg.protocol}: memory did not come to rest in time at ${restless.join(', ')} open connections`);
    }
    const wrong = leg.levels.filter(({ open, established }) => established !== null && established !== open);
    for (const { open, established } of wrong) {
      warnings.push(
        `${leg.protocol}: the kernel counts ${established} established connections at the level of ${open}`,
      );
    }
  }
  for (const { leg, lateMs } of lateLegs({ run, samples })) {
    const how = `1 in 100 attempts started ${humanMs(lateMs)} late or later`;
    warnings.push(`${leg.protocol}: the pace of ${leg.connectsPerSecond}/s was not kept: ${how}`);
  }
  if (run.target.kind === 'pid' && run.plan.legs.length > 1) {
    warnings.push(
      'both legs ran against one process: what the first left in its allocator may make the second look cheaper',
    );
  }
  const missing = new Map(points.flatMap(({ readings }) => readings.missing).map(({ meter, why }) => [meter, why]));
  for (const [meter, why] of missing) warnings.push(`${meter} could not be read: ${why}`);
  return [...new Set([...warnings, ...problems])];
}

/** Legs that the client, or its window, couldn't keep to the pace of the plan. */
function lateLegs({ run, samples }: Pick<RunRecord, 'run' | 'samples'>): Array<{ leg: Leg; lateMs: number }> {
  return run.plan.legs.flatMap((leg, index) => {
    const progress = samples
      .filter((sample) => sample.type !== 'tick')
      .findLast((sample) => sample.leg === index)?.progress;
    const lateMs = (progress && quantileMs(progress.lag, 0.99)) ?? 0;
    return lateMs > LATE_MS ? [{ leg, lateMs }] : [];
  });
}

function generatorOf(record: RunRecord, legs: readonly LegSummary[]): Summary['generator'] {
  const { samples } = record;
  const ticks = samples.filter((sample) => sample.type === 'tick');
  const slopes = legs.map(generatorSlope).filter((slope) => slope !== undefined);
  return {
    bytesPerConnection: slopes.length > 0 ? Math.max(...slopes) : null,
    rssBytes: ticks.length > 0 ? ticks.reduce((most, tick) => Math.max(most, tick.generatorRssBytes), 0) : null,
    cpuSeconds: ticks.at(-1)?.generatorCpuSeconds ?? null,
    saturated: lateLegs(record).length > 0,
  };
}
