import { countOf, quantileMs } from '../core/histogram.ts';
import { KERNEL_COMPONENTS } from '../core/kernel-rows.ts';
import { type Ledger, ledgerOf, USER_COMPONENTS, userBytesOf } from '../core/ledger.ts';
import { zeroOutcomes } from '../core/outcomes.ts';
import type { Leg } from '../core/plan.ts';
import { peakOf } from '../core/plan.ts';
import type { LegProgress, MemoryPoint, RunFile, Sample, Talk } from '../core/record.ts';
import { type Estimate, fitLine, type LevelPoint, theilSen } from '../core/slope.ts';
import type { LegSummary, Rtt } from '../core/summary.ts';
import type { RunRecord } from './read-run.ts';

type Tick = Extract<Sample, { type: 'tick' }>;

/** One hold, arranged: its ledger against the leg's baseline. */
interface Held {
  readonly point: MemoryPoint;
  readonly ledger: Ledger;
}

/** What one leg came to, from its samples alone; also of a leg that ended early. */
export function summarizeLeg({ run, samples }: RunRecord, leg: Leg, index: number): LegSummary {
  const own = samples.filter((sample) => sample.leg === index);
  const points = own.filter((sample): sample is MemoryPoint => sample.type === 'memory');
  const ticks = own.filter((sample): sample is Tick => sample.type === 'tick');
  const progress = own.findLast((sample) => sample.type !== 'tick')?.progress;
  const baseline = points.find(({ phase }) => phase === 'baseline');
  const held = points
    .filter(({ phase }) => phase === 'hold')
    .map((point) => ({ point, ledger: ledgerAt(run, baseline, point) }));
  const fitted = held.filter(({ point }) => point.level > highWaterBefore(run, leg, index));
  return {
    protocol: leg.protocol,
    planned: peakOf(leg),
    peakOpen: peakOpenOf(ticks, held),
    ...attemptsOf(progress, ticks.at(-1)),
    levels: held.map((one) => levelOf(one, baseline)),
    perConnection: perConnectionOf(fitted),
    baselineBytes: baseline ? userOf(baseline) : null,
    fit: fitOf(fitted),
    retained: retainedOf(points, baseline),
    burst: burstOf(points, baseline),
    // The burst comes after everything that is asked about here.
    open: openLatency(points.findLast(({ phase }) => phase !== 'burst')?.progress ?? progress),
    rtt: rttAtTop(held),
  };
}

/** One by one: the ticks of a run of many hours are more than a call takes arguments. */
function peakOpenOf(ticks: readonly Tick[], held: readonly Held[]): number {
  const whole = held.reduce((most, { point }) => Math.max(most, point.level), 0);
  return ticks.reduce((most, { counts }) => Math.max(most, counts.open), whole);
}

/**
 * Connections that the target's process had open before this leg: levels up to there reuse what an allocator kept, and
 * look free. Every leg of a server that we start has a process of its own.
 */
function highWaterBefore(run: RunFile, leg: Leg, index: number): number {
  if (run.target.kind === 'builtin' || run.target.kind === 'command') return leg.warmUp;
  const earlier = Math.max(0, ...run.plan.legs.slice(0, index).map(peakOf));
  // With no level above it there is only the disturbed curve; the summary warns of that.
  return earlier < peakOf(leg) && leg.levels.filter((level) => level > earlier).length >= 3
    ? Math.max(earlier, leg.warmUp)
    : leg.warmUp;
}

/** The ledger of a hold; without a baseline the hold itself stands in, so that at least `user` is known. */
function ledgerAt(run: RunFile, baseline: MemoryPoint | undefined, point: MemoryPoint): Ledger {
  const isLinux = run.environment.platform === 'linux';
  const isHere = isLinux && (run.generator.legs[point.leg]?.targetIsLocal ?? false);
  const isSeen = isHere || point.readings.remote !== null;
  const ends = { target: isSeen && baseline ? point.level : null, client: isLinux ? point.level : null };
  return ledgerOf((baseline ?? point).readings, point.readings, ends);
}

const userOf = ({ readings }: MemoryPoint): number | null => userBytesOf(readings);

function levelOf({ point, ledger }: Held, baseline: MemoryPoint | undefined): LegSummary['levels'][number] {
  const before = baseline?.readings.sockstat;
  const { sockstat } = point.readings;
  const { runtime, established } = point.readings;
  const census = runtime?.census[point.protocol];
  return {
    open: point.level,
    bytes: { total: ledger.total, user: ledger.user, kernel: ledger.kernel },
    settled: point.settled,
    established: established?.targetEnds ?? null,
    censusOpen: census?.open ?? null,
    kernelSockets: before && sockstat ? sockstat.tcpAlloc - before.tcpAlloc : null,
    generatorBytes: ledger.client.user,
    chargedBytes: ledger.charged,
    rtt: point.talk ? rttOf(point.talk) : null,
  };
}

/** The points of one quantity over levels; none when any level lacks it. */
function seriesOf(held: readonly Held[], pick: (ledger: Ledger) => number | null): LevelPoint[] {
  const points = held.map(({ point, ledger }) => ({ open: point.level, bytes: pick(ledger) }));
  return points.every((point): point is LevelPoint => point.bytes !== null) ? points : [];
}

function perConnectionOf(held: readonly Held[]): LegSummary['perConnection'] {
  const slopeOf = (pick: (ledger: Ledger) => number | null): Estimate | null =>
    fitLine(seriesOf(held, pick))?.slope ?? null;
  const user = slopeOf((ledger) => ledger.user);
  const kernel = slopeOf((ledger) => ledger.kernel);
  if (user === null && kernel === null) return null;
  const total = slopeOf((ledger) => ledger.total);
  const charged = slopeOf((ledger) => ledger.charged);
  return { total, user, kernel, charged, components: componentsOf(held, (total ?? user ?? kernel)!.bytes) };
}

/** One slope for each row. Medians don't add up exactly, so the largest remainder row closes the sum to the byte. */
function componentsOf(held: readonly Held[], whole: number): NonNullable<LegSummary['perConnection']>['components'] {
  const slopeOf = (name: keyof Ledger['components']): number | null =>
    theilSen(seriesOf(held, (ledger) => ledger.components[name])) ?? null;
  const names = [...USER_COMPONENTS, ...KERNEL_COMPONENTS];
  const rows = Object.fromEntries(names.map((name) => [name, slopeOf(name)])) as Record<
    (typeof names)[number],
    number | null
  >;
  const rest = rows.userOther === null ? 'tcpSock' : 'userOther';
  const others = names.filter((name) => name !== rest).reduce((sum, name) => sum + (rows[name] ?? 0), 0);
  return {
    ...rows,
    [rest]: whole - others,
    unexplained: theilSen(seriesOf(held, (ledger) => ledger.unexplained)) ?? null,
  };
}

function fitOf(held: readonly Held[]): LegSummary['fit'] {
  const whole = seriesOf(held, (ledger) => ledger.total ?? ledger.user ?? ledger.kernel);
  const line = fitLine(whole);
  return line ? { rSquared: line.rSquared, knee: null, holdoutErrorPercent: line.holdoutErrorPercent } : null;
}

/** What each closed connection left behind, after one climb; several cycles are needed to call it a leak. */
function retainedOf(points: readonly MemoryPoint[], baseline: MemoryPoint | undefined): LegSummary['retained'] {
  const retained = points.find(({ phase }) => phase === 'retained');
  if (!retained || !baseline) return null;
  const before = userOf(baseline);
  const after = userOf(retained);
  const closed = retained.progress.counts.closed - baseline.progress.counts.closed;
  if (before === null || after === null || closed <= 0) return null;
  return { bytesPerClosedConnection: (after - before) / closed, low: null, high: null };
}

function burstOf(points: readonly MemoryPoint[], baseline: MemoryPoint | undefined): LegSummary['burst'] {
  const burst = points.find(({ phase }) => phase === 'burst');
  const before = baseline ? userOf(baseline) : null;
  const after = burst ? userOf(burst) : null;
  if (!burst || before === null || after === null) return null;
  return { open: burst.level, userBytesPerConnection: (after - before) / burst.level };
}

/** Counts as they last stood: a tick is fresher than a memory point when the client was killed. */
function attemptsOf(
  progress: LegProgress | undefined,
  tick: Tick | undefined,
): Pick<LegSummary, 'attempts' | 'outcomes'> {
  const fromTick = tick && tick.counts.attempts > (progress?.counts.attempts ?? -1);
  return {
    attempts: (fromTick ? tick.counts.attempts : progress?.counts.attempts) ?? 0,
    outcomes: { ...zeroOutcomes(), ...(fromTick ? tick.outcomes : progress?.outcomes) },
  };
}

function openLatency(progress: LegProgress | undefined): LegSummary['open'] {
  const histogram = progress?.openPlanned ?? [];
  const at = (q: number): number | null => quantileMs(histogram, q) ?? null;
  const rated = progress && progress.rampMs > 0 && countOf(histogram) > 0;
  return {
    ratePerSecond: rated ? (progress.rampOpened * 1000) / progress.rampMs : null,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}

const rttAtTop = (held: readonly Held[]): Rtt | null => {
  const talk = held.at(-1)?.point.talk;
  return talk ? rttOf(talk) : null;
};

function rttOf({ rttPlanned, rttActual, messages, durationMs, lateReplies, lostReplies }: Talk): Rtt {
  const at = (q: number): number | null => quantileMs(rttPlanned, q) ?? null;
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    uncorrectedP99Ms: quantileMs(rttActual, 0.99) ?? null,
    messagesPerSecond: (messages * 1000) / durationMs,
    lateReplies,
    lostReplies,
  };
}

/** What one more connection costs the client itself, in user memory; undefined below 3 levels. */
export function generatorSlope(leg: LegSummary): number | undefined {
  const points = leg.levels.flatMap(({ open, generatorBytes }) =>
    generatorBytes === null ? [] : [{ open, bytes: generatorBytes }],
  );
  return fitLine(points)?.slope.bytes;
}
