import { countOf, quantileMs, type SparseHistogram, sparseSince } from '../core/histogram.ts';
import { userBytesOf } from '../core/ledger.ts';
import type { MemoryPoint, RunEvent, Sample } from '../core/record.ts';
import type { Drain, LegSeries, LevelOpening, PhaseSpan, RunSeries, TimePoint } from '../core/series.ts';
import { Thinned } from '../core/thinned.ts';
import type { RunRecord } from './read-run.ts';

type Tick = Extract<Sample, { type: 'tick' }>;
type PhaseEvent = Extract<RunEvent, { type: 'phase' }>;

/** More than this a chart a thousand pixels wide can't show. */
export const MOST_TIME_POINTS = 600;

/** What a run showed over time and at each level, for charts. */
export function seriesOf({ run, samples, events }: RunRecord): RunSeries {
  const time = new Thinned<TimePoint>(MOST_TIME_POINTS);
  for (const sample of samples) if (sample.type === 'tick') time.add(timePointOf(sample));
  const points = samples.filter((sample): sample is MemoryPoint => sample.type === 'memory');
  const endMs = samples.at(-1)?.elapsedMs ?? null;
  return {
    time: time.points,
    phases: spansOf(
      events.filter((event): event is PhaseEvent => event.type === 'phase'),
      endMs,
    ),
    legs: run.plan.legs
      .map((_, leg) => points.filter((point) => point.leg === leg && point.launch === 0))
      .flatMap((own) => (own.length === 0 ? [] : [legSeriesOf(own)])),
  };
}

export const timePointOf = ({ elapsedMs, launch, leg, counts, outcomes, targetBytes }: Tick): TimePoint => ({
  elapsedMs: Math.round(elapsedMs),
  launch,
  leg,
  open: counts.open,
  opening: counts.opening,
  opened: outcomes.open,
  failed: counts.failed,
  closed: counts.closed,
  targetBytes,
});

/** @param points of one leg in one launch, at least one, in the order in which they were taken */
export function legSeriesOf(points: readonly MemoryPoint[]): LegSeries {
  const [first] = points as readonly [MemoryPoint, ...MemoryPoint[]];
  return { protocol: first.protocol, opening: openingByLevel(points), drains: drainsOf(points) };
}

/** Each phase lasts until the next one begins. @param endMs of the last one; null: it goes on */
function spansOf(events: readonly PhaseEvent[], endMs: number | null): PhaseSpan[] {
  return events.map(({ elapsedMs, launch, leg, protocol, phase, level }, i) => ({
    ...{ fromMs: Math.round(elapsedMs), toMs: roundOrNull(events[i + 1]?.elapsedMs ?? endMs) },
    ...{ launch, leg, protocol, phase, level },
  }));
}

const roundOrNull = (value: number | null): number | null => (value === null ? null : Math.round(value));

function openingByLevel(points: readonly MemoryPoint[]): LevelOpening[] {
  let before: SparseHistogram = [];
  const levels: LevelOpening[] = [];
  for (const { phase, cycle, level, progress } of points) {
    if (phase === 'hold' && cycle === 0) levels.push(levelOpening(level, sparseSince(before, progress.openPlanned)));
    before = progress.openPlanned;
  }
  return levels;
}

function levelOpening(level: number, histogram: SparseHistogram): LevelOpening {
  const at = (q: number): number | null => quantileMs(histogram, q) ?? null;
  return { level, opened: countOf(histogram), p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function drainsOf(points: readonly MemoryPoint[]): Drain[] {
  const baseline = points.find(({ phase }) => phase === 'baseline');
  if (!baseline) return [];
  const closedBefore = baseline.progress.counts.closed;
  return [baseline, ...points.filter(({ phase }) => phase === 'retained')].flatMap((point, cycle) => {
    const bytes = userBytesOf(point.readings);
    return bytes === null ? [] : [{ cycle, closedConnections: point.progress.counts.closed - closedBefore, bytes }];
  });
}
