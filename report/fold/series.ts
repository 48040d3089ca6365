import { userBytesOf } from '../../core/ledger/ledger.ts';
import type { MemoryPoint, RunEvent, Sample } from '../../core/schemas/record.ts';
import type { Drain, LegSeries, LevelOpening, PhaseSpan, RunSeries, TimePoint } from '../../core/schemas/series.ts';
import { countOf, quantileMs, type SparseHistogram, sparseSince } from '../../core/stats/histogram.ts';
import { Thinned } from '../../core/stats/thinned.ts';
import { readLegName } from '../../core/values/plan.ts';
import { driftSeriesOf } from './going-on.ts';
import type { RunRecord } from './read-run.ts';

export type Tick = Extract<Sample, { type: 'tick' }>;
type PhaseEvent = Extract<RunEvent, { type: 'phase' }>;

/** More than this a chart a thousand pixels wide can't show. */
export const MOST_TIME_POINTS = 600;
/** The latest; a chart shades no more of them. */
const MOST_PHASES = 300;

/** What a run showed over time and at each level, for charts. */
export function seriesOf({ run, samples, events }: RunRecord): RunSeries {
  const fold = new SeriesFold();
  for (const event of events) if (event.type === 'phase') fold.phase(event);
  for (const sample of samples) {
    if (sample.type === 'tick') fold.tick(sample);
    else if (sample.type === 'memory') fold.memory(sample, readLegName(run.plan, sample.leg));
  }
  const endMs = samples.at(-1)?.elapsedMs;
  const phases = endMs === undefined ? fold.phases : closedAt(fold.phases, endMs);
  const drifts = run.plan.legs.flatMap(({ name }, leg) => driftSeriesOf(samples, leg, name) ?? []);
  return { time: fold.time, phases, legs: fold.legs, drifts };
}

/** The same, piece by piece as a run goes; its size is bounded however long that is. */
export class SeriesFold {
  readonly #ticks = new Thinned<Tick>(MOST_TIME_POINTS);
  #phases: PhaseSpan[] = [];
  readonly #legs = new Map<number, LegFold>();

  /** Ticks that stand for all of them. */
  get ticks(): readonly Tick[] {
    return this.#ticks.points;
  }

  get time(): readonly TimePoint[] {
    return this.#ticks.points.map(timePointOf);
  }

  /** The last one goes on. */
  get phases(): readonly PhaseSpan[] {
    return this.#phases;
  }

  get legs(): readonly LegSeries[] {
    return [...this.#legs.values()].map(({ series }) => series);
  }

  tick(tick: Tick): ReturnType<Thinned<Tick>['add']> {
    return this.#ticks.add(tick);
  }

  phase({ elapsedMs, launch, leg, protocol, phase, level }: PhaseEvent): void {
    const before = closedAt(this.#phases, elapsedMs).slice(-(MOST_PHASES - 1));
    this.#phases = [...before, { fromMs: Math.round(elapsedMs), toMs: null, launch, leg, protocol, phase, level }];
  }

  /** @param name of its leg */
  memory(point: MemoryPoint, name: string): void {
    if (point.launch > 0) return;
    const leg = this.#legs.get(point.leg) ?? new LegFold(name, point.protocol);
    this.#legs.set(point.leg, leg);
    leg.add(point);
  }
}

export const timePointOf = ({ elapsedMs, launch, leg, segment, counts, outcomes, targetBytes }: Tick): TimePoint => ({
  elapsedMs: Math.round(elapsedMs),
  launch,
  leg,
  ...(segment !== undefined && { segment }),
  open: counts.open,
  opening: counts.opening,
  opened: outcomes.open,
  failed: counts.failed,
  closed: counts.closed,
  targetBytes,
});

function closedAt(spans: readonly PhaseSpan[], elapsedMs: number): PhaseSpan[] {
  return spans.map((span) => (span.toMs === null ? { ...span, toMs: Math.round(elapsedMs) } : span));
}

/** What the memory points of one leg in one launch showed. */
export function legSeriesOf(points: readonly MemoryPoint[]): Pick<LegSeries, 'opening' | 'drains'> {
  const [first] = points;
  if (!first) return { opening: [], drains: [] };
  const leg = new LegFold('', first.protocol);
  for (const point of points) leg.add(point);
  return leg.series;
}

/** One leg's first launch, from its memory points in the order in which they are taken. */
class LegFold {
  readonly #name: string;
  readonly #protocol: LegSeries['protocol'];
  #opened: SparseHistogram = [];
  readonly #opening: LevelOpening[] = [];
  readonly #drains: Drain[] = [];
  #closedBefore = 0;

  constructor(name: string, protocol: LegSeries['protocol']) {
    this.#name = name;
    this.#protocol = protocol;
  }

  get series(): LegSeries {
    return { name: this.#name, protocol: this.#protocol, opening: [...this.#opening], drains: [...this.#drains] };
  }

  add({ phase, cycle, level, progress, readings }: MemoryPoint): void {
    if (phase === 'hold' && cycle === 0) {
      this.#opening.push(levelOpening(level, sparseSince(this.#opened, progress.openPlanned)));
    }
    this.#opened = progress.openPlanned;
    if (phase === 'baseline') this.#closedBefore = progress.counts.closed;
    const bytes = userBytesOf(readings);
    if ((phase === 'baseline' || phase === 'retained') && bytes !== null) {
      const closedConnections = progress.counts.closed - this.#closedBefore;
      this.#drains.push({ cycle: phase === 'baseline' ? 0 : cycle + 1, closedConnections, bytes });
    }
  }
}

function levelOpening(level: number, histogram: SparseHistogram): LevelOpening {
  const at = (q: number): number | null => quantileMs(histogram, q) ?? null;
  return { level, opened: countOf(histogram), p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
