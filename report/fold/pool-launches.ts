import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { costOverLaunches } from '../../core/stats/launches.ts';
import { type Estimate, medianKnown } from '../../core/stats/slope.ts';
import { OUTCOMES, type Outcome } from '../../core/values/outcomes.ts';
import { pooledChurn, pooledSoak } from './going-on.ts';
import { pooledLosses } from './losses.ts';
import { meanRate, pooledReceived } from './received.ts';

type PerConnection = NonNullable<LegSummary['perConnection']>;

/**
 * One leg out of its launches: counts are summed, memory at a level is the median, costs are means with an interval over
 * launches. What can't be pooled (the fit, latencies, what the last drain left) is that of the first launch that has a fit.
 *
 * @param launches at least one; a single one is the leg
 */
export function poolLaunches(launches: readonly LegSummary[]): LegSummary {
  if (launches.length === 1) return launches[0]!;
  // One that was given up has no line, but the others have.
  const first = launches.find(({ fit }) => fit !== null) ?? launches[0]!;
  const outcomes = Object.fromEntries(
    OUTCOMES.map((name) => [name, launches.reduce((sum, leg) => sum + leg.outcomes[name], 0)]),
  ) as Record<Outcome, number>;
  return {
    ...first,
    peakOpen: Math.max(...launches.map((leg) => leg.peakOpen)),
    attempts: launches.reduce((sum, leg) => sum + leg.attempts, 0),
    outcomes,
    losses: pooledLosses(launches),
    levels: levelsOf(launches).map((level) => pooledLevel(level, launches)),
    perConnection: pooledCosts(launches),
    baselineBytes: medianKnown(launches.map((leg) => leg.baselineBytes)),
    burst: pooledBurst(launches),
    churn: pooledChurn(launches),
    soak: pooledSoak(launches),
    received: pooledReceived(launches.map(({ received }) => received)),
    launches: variationOf(launches),
  };
}

/** Each level that any launch held, as the first of them has it. */
function levelsOf(launches: readonly LegSummary[]): LegSummary['levels'] {
  const all = launches.flatMap(({ levels }) => levels);
  return all
    .filter((level, i) => all.findIndex(({ open }) => open === level.open) === i)
    .sort((a, b) => a.open - b.open);
}

function pooledLevel(level: LegSummary['levels'][number], launches: readonly LegSummary[]): typeof level {
  const same = launches.flatMap((leg) => leg.levels.filter(({ open }) => open === level.open));
  const bytesOf = (name: keyof typeof level.bytes): number | null => medianKnown(same.map(({ bytes }) => bytes[name]));
  return {
    ...level,
    bytes: { total: bytesOf('total'), user: bytesOf('user'), kernel: bytesOf('kernel') },
    settled: same.every(({ settled }) => settled),
    generatorBytes: medianKnown(same.map(({ generatorBytes }) => generatorBytes)),
    chargedBytes: medianKnown(same.map(({ chargedBytes }) => chargedBytes)),
    received: meanRate(same.map(({ received }) => received)),
  };
}

function pooledBurst(launches: readonly LegSummary[]): LegSummary['burst'] {
  const bursts = launches.flatMap(({ burst }) => burst ?? []);
  const [first] = bursts;
  if (!first) return null;
  const middle = (name: Exclude<keyof typeof first, 'open'>): number | null =>
    medianKnown(bursts.map(({ [name]: value }) => value));
  return {
    ...first,
    userBytesPerConnection: middle('userBytesPerConnection') ?? first.userBytesPerConnection,
    kernelBytesPerConnection: middle('kernelBytesPerConnection'),
    beyondRestBytes: middle('beyondRestBytes'),
    chargedBeyondRestBytes: middle('chargedBeyondRestBytes'),
  };
}

function pooledCosts(launches: readonly LegSummary[]): PerConnection | null {
  const costs = launches.flatMap(({ perConnection }) => perConnection ?? []);
  const [first] = costs;
  if (!first) return null;
  const over = (name: 'total' | 'user' | 'kernel' | 'charged' | 'unexplained'): Estimate | null =>
    costOverLaunches(costs.flatMap((cost) => cost[name] ?? []))?.slope ?? null;
  // The components of each launch sum to its total, so their means sum to the mean of the totals.
  const components = Object.fromEntries(
    Object.keys(first.components).map((name) => [
      name,
      meanOf(costs.map((cost) => cost.components[name as keyof PerConnection['components']] ?? null)),
    ]),
  ) as PerConnection['components'];
  return {
    total: over('total'),
    user: over('user'),
    kernel: over('kernel'),
    isKernelEstimated: costs.some((cost) => cost.isKernelEstimated),
    charged: over('charged'),
    components,
    componentEstimates: pooledEstimates(costs),
    unexplained: over('unexplained'),
    coarseBytes: 0,
    tcpReservedBytes: meanOf(costs.map((cost) => cost.tcpReservedBytes)),
  };
}

/** Over launches, of rows that every launch knows. */
function pooledEstimates(costs: readonly PerConnection[]): PerConnection['componentEstimates'] {
  const names = Object.keys(costs[0]!.componentEstimates) as Array<keyof PerConnection['componentEstimates']>;
  return Object.fromEntries(
    names.map((name) => {
      const own = costs.map(({ componentEstimates }) => componentEstimates[name] ?? null);
      const known = own.filter((one) => one !== null);
      return [name, known.length < own.length ? null : (costOverLaunches(known)?.slope ?? null)];
    }),
  );
}

function variationOf(launches: readonly LegSummary[]): LegSummary['launches'] {
  const costs = launches.flatMap(({ perConnection }) => perConnection?.total ?? perConnection?.user ?? []);
  const pooled = costOverLaunches(costs);
  return {
    count: launches.length,
    bytes: costs.map(({ bytes }) => bytes),
    coefficientOfVariation: pooled?.coefficientOfVariation ?? null,
  };
}

const known = (values: ReadonlyArray<number | null>): number[] => values.filter((value) => value !== null);

/** null when any launch lacks it. */
function meanOf(values: ReadonlyArray<number | null>): number | null {
  const all = known(values);
  return all.length < values.length ? null : all.reduce((sum, value) => sum + value, 0) / all.length;
}
