import { userBytesOf } from '../../core/ledger/ledger.ts';
import { ledgerAt } from '../../core/ledger/run-ledger.ts';
import { toScheme } from '../../core/protocols/schemes.ts';
import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { hasProgress, type MemoryPoint, type RunFile, type Sample } from '../../core/schemas/record.ts';
import { isOfClimb } from '../../core/schemas/sample-at.ts';
import type { LevelOpening } from '../../core/schemas/series.ts';
import { type Fit, fitLevels } from '../../core/stats/fit.ts';
import { LINE } from '../../core/stats/shape.ts';
import { LEAST_LEVELS, type LevelPoint, slopeOf } from '../../core/stats/slope.ts';
import { OWN_COST_FROM, peakOf } from '../../core/values/plan.ts';
import { hiddenBy, withCoarseness } from './coarseness.ts';
import { type HeldLevel, levelPointsOf, perConnectionOf, strayBytes } from './cost-parts.ts';
import { doingsOf } from './doings.ts';
import { withoutDisowned } from './inconclusive.ts';
import { keptOf } from './kept-after-close.ts';
import { lossesOf } from './losses.ts';
import { attemptsOf, bytesOf, openingOf, rttAtTop, rttOf, stagesOf, waitsOf } from './opening.ts';
import { poolLaunches } from './pool-launches.ts';
import type { RunRecord } from './read-run.ts';
import { rateOf, receivedOf } from './received.ts';
import { securedOf } from './secured.ts';
import { legSeriesOf } from './series.ts';
import { sharesOf } from './shares.ts';
import { vanishOf } from './vanished.ts';

type Tick = Extract<Sample, { type: 'tick' }>;

/** What one leg came to, all launches of it together; also of a leg that ended early. Without what its levels don't show. */
export function summarizeLeg(record: RunRecord, leg: RecordedLeg, index: number): LegSummary {
  const hidden = hiddenBy(record.run, record.samples, index);
  return withoutDisowned(
    withCoarseness(foldLeg(record, leg, index), hidden, highWaterBefore(record.run, leg, index)),
    hidden,
    ['builtin', 'command'].includes(record.run.target.kind),
  );
}

/** The same by its levels alone, however little they show. */
export function foldLeg(record: RunRecord, leg: RecordedLeg, index: number): LegSummary {
  const { run, samples } = record;
  const launches = new Map<number, Sample[]>();
  for (const sample of samples) {
    if (sample.leg !== index) continue;
    const own = launches.get(sample.launch);
    if (own) own.push(sample);
    else launches.set(sample.launch, [sample]);
  }
  const inOrder = [...launches].sort(([one], [other]) => one - other);
  const pooled = poolLaunches(inOrder.map(([, own]) => summarizeLaunch(run, own, leg, index)));
  const all = inOrder.flatMap(([, own]) => own);
  return { ...pooled, tls: securedOf(record, leg, index), vanish: vanishOf(all), shares: sharesOf(all) };
}

/**
 * The first leg of several runs by one plan, together as launches of one run are: by what their levels show, however little that is.
 * null: none of them began.
 */
export function foldRuns(records: readonly RunRecord[]): LegSummary | null {
  const legs = records.flatMap((record) => {
    const [leg] = record.run.plan.legs;
    const hasBegun = leg && record.samples.some((sample) => sample.leg === 0);
    return hasBegun ? [{ record, leg, folded: foldLeg(record, leg, 0) }] : [];
  });
  const known = legs.filter(({ folded }) => folded.perConnection !== null);
  const [first] = known.length > 0 ? known : legs;
  if (!first) return null;
  const { record, leg } = first;
  const pooled = known.length > 0 ? poolLaunches(known.map(({ folded }) => folded)) : first.folded;
  return withCoarseness(pooled, hiddenBy(record.run, record.samples, 0), highWaterBefore(record.run, leg, 0));
}

/** What one leg came to in one launch, from its samples alone. */
function summarizeLaunch(run: RunFile, own: readonly Sample[], leg: RecordedLeg, index: number): LegSummary {
  const points = own.filter((sample): sample is MemoryPoint => sample.type === 'memory');
  const ticks = own.filter((sample): sample is Tick => sample.type === 'tick');
  const climb = own.filter(isOfClimb);
  const progress = climb.findLast(hasProgress)?.progress;
  const baseline = points.find(({ phase }) => phase === 'baseline');
  const held = points
    // Later cycles climb through what the first one left in the allocator.
    .filter(({ phase, cycle }) => phase === 'hold' && cycle === 0)
    .map((point) => ({ point, ledger: ledgerAt(run, baseline, point) }));
  const fitted = bestKnownOf(held.filter(({ point }) => point.level > highWaterBefore(run, leg, index)));
  const fit = fitLevels(wholeOf(fitted));
  const { opening } = legSeriesOf(points);
  const { churn, soak, ...befell } = doingsOf(run, own, leg, { held, baseline });
  return {
    name: leg.name,
    protocol: leg.protocol,
    transport: leg.transport,
    family: leg.family,
    tls: null,
    planned: peakOf(leg),
    peakOpen: peakOpenOf(ticks, held),
    ...attemptsOf(progress, ticks.findLast(isOfClimb)),
    losses: lossesOf(progress),
    levels: held.map((one, i) => levelOf(leg, one, baseline, opening[i])),
    inconclusive: null,
    perConnection: perConnectionOf(fitted, fit?.shape ?? LINE, strayBytes(run, points, baseline)),
    baselineBytes: baseline ? userOf(baseline) : null,
    baselineHeapBytes: heapOf(baseline),
    peakUserBytes: peakUserOf(ticks, points),
    descriptorsPerConnection: descriptorsOf(held.at(-1)?.point, baseline),
    fit: fit ? fitSummary(fit) : null,
    chargedFit: chargedFitOf(fitted, baseline),
    ...keptOf(run, points, baseline),
    burst: burstOf(run, points, baseline, held),
    open: openingOf(points, progress),
    stages: stagesOf(points, progress),
    ...waitsOf(points, progress),
    bytes: bytesOf(leg, points, progress),
    received: receivedOf(leg, points, progress),
    churn,
    soak,
    rtt: rttAtTop(leg, points),
    ...befell,
    shares: null,
    launches: null,
  };
}

/** One by one: the ticks of a run of many hours are more than a call takes arguments. */
function peakOpenOf(ticks: readonly Tick[], held: readonly HeldLevel[]): number {
  const whole = held.reduce((most, { point }) => Math.max(most, point.level), 0);
  return ticks.reduce((most, { counts }) => Math.max(most, counts.open), whole);
}

function peakUserOf(ticks: readonly Tick[], points: readonly MemoryPoint[]): number | null {
  let most: number | null = null;
  const see = (bytes: number | null): void => {
    if (bytes !== null && (most === null || bytes > most)) most = bytes;
  };
  for (const { targetBytes } of ticks) see(targetBytes);
  for (const point of points) see(userOf(point));
  return most;
}

function heapOf(point: MemoryPoint | undefined): number | null {
  const processes = point?.readings.runtime?.processes;
  return processes ? processes.reduce((sum, { heapUsedBytes }) => sum + heapUsedBytes, 0) : null;
}

function descriptorsOf(top: MemoryPoint | undefined, baseline: MemoryPoint | undefined): number | null {
  const [before, after] = [baseline?.readings.target?.openFiles ?? null, top?.readings.target?.openFiles ?? null];
  return !top || before === null || after === null || top.level === 0 ? null : (after - before) / top.level;
}

/**
 * Connections that the target's process had open before this leg: levels up to there reuse what an allocator kept, and
 * look free. Every leg of a server that we start has a process of its own.
 */
function highWaterBefore(run: RunFile, leg: RecordedLeg, index: number): number {
  if (run.target.kind === 'builtin' || run.target.kind === 'command') return leg.warmUp;
  const earlier = Math.max(0, ...run.plan.legs.slice(0, index).map(peakOf));
  // With no level above it there is only the disturbed curve; the summary warns of that.
  return earlier < peakOf(leg) && leg.levels.filter((level) => level > earlier).length >= 3
    ? Math.max(earlier, leg.warmUp)
    : leg.warmUp;
}

const userOf = ({ readings }: MemoryPoint): number | null => userBytesOf(readings);

function levelOf(
  leg: RecordedLeg,
  { point, ledger }: HeldLevel,
  baseline: MemoryPoint | undefined,
  opened: LevelOpening | undefined,
): LegSummary['levels'][number] {
  const before = baseline?.readings.sockstat;
  const { sockstat } = point.readings;
  const { runtime, established } = point.readings;
  const census = runtime?.census?.[toScheme(leg.protocol, leg.transport, leg.family)];
  return {
    open: point.level,
    bytes: { total: ledger.total, user: ledger.user, kernel: ledger.kernel },
    settled: point.settled,
    established: established?.targetEnds ?? null,
    censusOpen: census?.open ?? null,
    kernelSockets: before && sockstat && leg.family === 'inet' ? sockstat.tcpAlloc - before.tcpAlloc : null,
    generatorBytes: workersBytes(point) ?? point.generatorCollectedBytes ?? ledger.client.user,
    chargedBytes: ledger.charged,
    rtt: point.talk ? rttOf(leg, point.talk) : null,
    received: rateOf(leg, point.held, point.level),
    opening: openingAt(opened),
  };
}

/** Over a fleet the client's memory is that of its workers, for which nobody collects garbage at that moment. */
const workersBytes = ({ shares }: MemoryPoint): number | undefined =>
  shares?.reduce((sum, { rssBytes }) => sum + rssBytes, 0);

function openingAt(opening: LevelOpening | undefined): LegSummary['levels'][number]['opening'] {
  if (!opening) return null;
  const { opened, p50Ms, p99Ms, maxMs } = opening;
  return { opened, p50Ms, p99Ms, maxMs };
}

/** Where a meter had no answer at some levels, those with all of it, or with user memory, if they are enough for a cost. */
function bestKnownOf(held: readonly HeldLevel[]): readonly HeldLevel[] {
  const known = (['total', 'user'] as const).map((name) => held.filter(({ ledger }) => ledger[name] !== null));
  return known.find((of) => of.length >= LEAST_LEVELS) ?? held;
}

/** What is fitted: the whole where it is known at every level, else the user's or the kernel's part of it. */
function wholeOf(held: readonly HeldLevel[]): LevelPoint[] {
  const series = (['total', 'user', 'kernel'] as const).map((name) => levelPointsOf(held, (ledger) => ledger[name]));
  return series.find((points) => points.length > 0) ?? [];
}

/** The growth of what is charged, on what was charged without connections. */
function chargedFitOf(held: readonly HeldLevel[], baseline: MemoryPoint | undefined): LegSummary['chargedFit'] {
  const before = baseline?.readings.cgroup;
  if (!before || before.fileBytes === null) return null;
  const baselineBytes = before.currentBytes - before.fileBytes;
  const growth = levelPointsOf(held, (ledger) => ledger.charged);
  const fit = fitLevels(growth.map(({ open, bytes }) => ({ open, bytes: baselineBytes + bytes })));
  return fit ? fitSummary(fit) : null;
}

const fitSummary = ({ rSquared, knee, steps, holdoutErrorPercent, lines }: Fit): LegSummary['fit'] => ({
  rSquared,
  knee,
  step: steps.toSorted((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes))[0] ?? null,
  steps: [...steps],
  holdoutErrorPercent,
  lines: [...lines],
});

/** One reading of all that came at once, against the baseline, and against the same number of connections at rest. */
function burstOf(
  run: RunFile,
  points: readonly MemoryPoint[],
  baseline: MemoryPoint | undefined,
  held: readonly HeldLevel[],
): LegSummary['burst'] {
  const burst = points.find(({ phase }) => phase === 'burst');
  const before = baseline ? userOf(baseline) : null;
  const after = burst ? userOf(burst) : null;
  if (!burst || before === null || after === null) return null;
  const ledger = ledgerAt(run, baseline, burst);
  const rest = held.find(({ point }) => point.level === burst.level)?.ledger;
  const beyondRest = (name: 'total' | 'charged'): number | null => {
    const [most, least] = [ledger[name], rest?.[name] ?? null];
    return most === null || least === null ? null : (most - least) / burst.level;
  };
  return {
    open: burst.level,
    userBytesPerConnection: (after - before) / burst.level,
    kernelBytesPerConnection: ledger.kernel === null ? null : ledger.kernel / burst.level,
    beyondRestBytes: beyondRest('total'),
    chargedBeyondRestBytes: beyondRest('charged'),
  };
}

/** What one more connection costs the client itself, in user memory; undefined below 3 levels or {@link OWN_COST_FROM}. */
export function generatorSlope(leg: LegSummary): number | undefined {
  if ((leg.levels.at(-1)?.open ?? 0) < OWN_COST_FROM) return undefined;
  const points = leg.levels.flatMap(({ open, generatorBytes }) =>
    generatorBytes === null ? [] : [{ open, bytes: generatorBytes }],
  );
  return slopeOf([points])?.bytes;
}
