import { ledgerAt } from '../../core/ledger/run-ledger.ts';
import type { ChurnSpan, ChurnSummary, DriftPoint, SoakSummary } from '../../core/schemas/churn.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, RunFile, Sample } from '../../core/schemas/record.ts';
import type { DriftSeries } from '../../core/schemas/series.ts';
import { type DriftEstimate, driftOf } from '../../core/stats/drift.ts';
import { quantileMs } from '../../core/stats/histogram.ts';
import { costOverLaunches } from '../../core/stats/launches.ts';
import { type Estimate, slopeOf } from '../../core/stats/slope.ts';
import { RUNTIMES, type RuntimeTraits } from '../../core/values/runtimes.ts';
import type { HeldLevel } from './cost-parts.ts';

const HOUR_MS = 3_600_000;

/** What came of replacing connections, in one launch; null where none were. @param held its levels at rest */
export function churnOf(
  run: RunFile,
  own: readonly Sample[],
  held: readonly HeldLevel[],
  baseline: MemoryPoint | undefined,
): ChurnSummary | null {
  const spans = own.filter((sample): sample is ChurnSpan => sample.type === 'churn');
  const atLevels = spans.filter(({ phase }) => phase === 'churn');
  const top = atLevels.at(-1) ?? spans.at(-1);
  if (!top) return null;
  const levels = atLevels.map((span) =>
    levelOf(span, pointAt(run, own, span.level, baseline), restAt(held, span.level)),
  );
  const known = levels.flatMap(({ open, bytes }) => {
    const value = bytes?.total ?? bytes?.user ?? null;
    return value === null ? [] : [{ open, bytes: value }];
  });
  const readings = topReadings(own);
  const overTurnover = driftIn(readings, ({ replaced }) => replaced);
  return {
    plannedPerSecond: top.turnoverPerSecond,
    achievedPerSecond: achievedIn(top),
    end: top.end,
    ...totalsOf(spans),
    perConnection: slopeOf([known]) ?? null,
    beyondRestBytes: levels.at(-1)?.beyondRestBytes ?? null,
    open: timesOf(top),
    levels,
    ...driftSummary(run, readings),
    driftPerTurnover: overTurnover?.slope ?? null,
  };
}

/** What came of holding the top level for hours, in one launch. */
export function soakOf(run: RunFile, own: readonly Sample[]): SoakSummary | null {
  const points = driftPoints(own).filter(({ phase }) => phase === 'soak');
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return null;
  const { soakMs } = run.config as { soakMs?: number };
  const segments = segmentsOf(points);
  return {
    open: last.level,
    wantedMs: soakMs ?? last.heldMs,
    heldMs: last.heldMs,
    firstUserBytes: first.userBytes,
    lastUserBytes: last.userBytes,
    interruptions: segments.slice(1).map((segment, i): SoakSummary['interruptions'][number] => {
      const before = segments[i]!.at(-1)!;
      return { afterMs: before.heldMs, forMs: segment[0]!.elapsedMs - before.elapsedMs };
    }),
    ...driftSummary(run, points),
    filesMore: filesMoreIn(segments),
  };
}

/** Over launches: counts are summed, drifts and costs are means with their interval. What can't be pooled is of the first. */
export function pooledChurn(launches: readonly LegSummary[]): ChurnSummary | null {
  const all = launches.flatMap(({ churn }) => churn ?? []);
  const [first] = all;
  if (!first) return null;
  return {
    ...first,
    replaced: sumOf(all, 'replaced'),
    failed: sumOf(all, 'failed'),
    lost: sumOf(all, 'lost'),
    perConnection: pooled(all.map(({ perConnection }) => perConnection)),
    ...pooledDrift(all),
    driftPerTurnover: pooled(all.map(({ driftPerTurnover }) => driftPerTurnover)),
  };
}

export function pooledSoak(launches: readonly LegSummary[]): SoakSummary | null {
  const all = launches.flatMap(({ soak }) => soak ?? []);
  return all[0] ? { ...all[0], ...pooledDrift(all) } : null;
}

/** Memory of each leg's top level while it goes on, in its first launch, for charts. */
export function driftSeriesOf(samples: readonly Sample[], leg: number, name: string): DriftSeries | undefined {
  const points = alikeOf(topReadings(samples.filter((one) => one.leg === leg && one.launch === 0)));
  const [first] = points;
  if (!first) return undefined;
  return {
    name,
    phase: first.phase,
    level: first.level,
    perHour: driftIn(points, ({ heldMs }) => heldMs / HOUR_MS)?.slope ?? null,
    segments: segmentsOf(points).map((own) =>
      own.flatMap(({ elapsedMs, userBytes: bytes }) => (bytes === null ? [] : [{ elapsedMs, bytes }])),
    ),
  };
}

type DriftSummary = Pick<SoakSummary, 'driftPerHour' | 'isLevellingOff' | 'hasGarbage' | 'readings'>;

const pooledDrift = (all: readonly DriftSummary[]): DriftSummary => ({
  driftPerHour: pooled(all.map(({ driftPerHour }) => driftPerHour)),
  isLevellingOff: all.every(({ isLevellingOff }) => isLevellingOff),
  hasGarbage: all.some(({ hasGarbage }) => hasGarbage),
  readings: all.reduce((sum, { readings }) => sum + readings, 0),
});

const pooled = (all: ReadonlyArray<Estimate | null>): Estimate | null =>
  costOverLaunches(all.filter((one) => one !== null))?.slope ?? null;

const sumOf = (all: readonly ChurnSummary[], name: 'replaced' | 'failed' | 'lost'): number =>
  all.reduce((sum, { [name]: value }) => sum + value, 0);

const driftPoints = (own: readonly Sample[]): DriftPoint[] =>
  own.filter((sample): sample is DriftPoint => sample.type === 'drift');

/** Those of the top level, over hours where it went on that long. */
function topReadings(own: readonly Sample[]): DriftPoint[] {
  const points = driftPoints(own);
  const top = points.at(-1);
  return points.filter(({ level, phase }) => level === top?.level && phase === top.phase);
}

/** What lies between two interruptions: the target may be another process then. */
function segmentsOf(points: readonly DriftPoint[]): DriftPoint[][] {
  const segments = new Map<number, DriftPoint[]>();
  for (const point of points) {
    const { segment = 0 } = point;
    const own = segments.get(segment);
    if (own) own.push(point);
    else segments.set(segment, [point]);
  }
  return [...segments.values()];
}

/** What each of them added. */
function filesMoreIn(segments: readonly DriftPoint[][]): number | null {
  const more = segments.map((own) => {
    const [first, last] = [own[0]?.openFiles ?? null, own.at(-1)?.openFiles ?? null];
    return first === null || last === null ? null : last - first;
  });
  return more.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

/** Where garbage was collected before some readings, the others tell something else. */
function alikeOf(points: readonly DriftPoint[]): readonly DriftPoint[] {
  const collected = points.filter(({ isCollected }) => isCollected);
  return collected.length > 0 ? collected : points;
}

function driftIn(points: readonly DriftPoint[], at: (point: DriftPoint) => number): DriftEstimate | undefined {
  return driftOf(
    segmentsOf(alikeOf(points)).map((own) =>
      own.flatMap((point) => (point.userBytes === null ? [] : [{ at: at(point), bytes: point.userBytes }])),
    ),
  );
}

function driftSummary({ target }: RunFile, points: readonly DriftPoint[]): DriftSummary {
  const traits: RuntimeTraits | undefined = target.runtime === null ? undefined : RUNTIMES[target.runtime];
  const drift = driftIn(points, ({ heldMs }) => heldMs / HOUR_MS);
  return {
    driftPerHour: drift?.slope ?? null,
    isLevellingOff: drift?.isLevellingOff ?? false,
    hasGarbage: traits?.collection !== undefined && !alikeOf(points).every(({ isCollected }) => isCollected),
    readings: alikeOf(points).length,
  };
}

function pointAt(
  run: RunFile,
  own: readonly Sample[],
  level: number,
  baseline: MemoryPoint | undefined,
): HeldLevel | undefined {
  const point = own.find(
    (sample): sample is MemoryPoint => sample.type === 'memory' && sample.phase === 'churn' && sample.level === level,
  );
  return point && { point, ledger: ledgerAt(run, baseline, point) };
}

const restAt = (held: readonly HeldLevel[], level: number): HeldLevel | undefined =>
  held.find(({ point }) => point.level === level);

const achievedIn = ({ replaced, durationMs }: ChurnSpan): number => (replaced * 1000) / Math.max(1, durationMs);

function timesOf({ openPlanned }: ChurnSpan): ChurnSummary['open'] {
  const [p50Ms = null, p99Ms = null, maxMs = null] = [0.5, 0.99, 1].map((q) => quantileMs(openPlanned, q));
  return { p50Ms, p99Ms, maxMs };
}

function totalsOf(spans: readonly ChurnSpan[]): Pick<ChurnSummary, 'replaced' | 'failed' | 'lost'> {
  const sum = (name: 'replaced' | 'failed' | 'lost'): number => spans.reduce((all, span) => all + span[name], 0);
  return { replaced: sum('replaced'), failed: sum('failed'), lost: sum('lost') };
}

function levelOf(
  span: ChurnSpan,
  churned: HeldLevel | undefined,
  rest: HeldLevel | undefined,
): ChurnSummary['levels'][number] {
  const { level: open, leastOpen, turnoverPerSecond, replaced, failed, lost } = span;
  const wholeOf = (one: HeldLevel | undefined): number | null => one?.ledger.total ?? one?.ledger.user ?? null;
  const [now, before] = [wholeOf(churned), wholeOf(rest)];
  const { timeWait = 0, targetTimeWait } = churned?.point.readings.established ?? {};
  return {
    open,
    leastOpen,
    plannedPerSecond: turnoverPerSecond,
    achievedPerSecond: achievedIn(span),
    replaced,
    failed,
    lost,
    ...timesOf(span),
    bytes: churned ? { total: churned.ledger.total, user: churned.ledger.user, kernel: churned.ledger.kernel } : null,
    beyondRestBytes: now === null || before === null ? null : now - before,
    timeWait: targetTimeWait === undefined ? null : { atTarget: targetTimeWait, atClient: timeWait - targetTimeWait },
  };
}
