import { isKernelEstimatedIn, widenByNotes } from '../../core/ledger/estimated-kernel.ts';
import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import { type Ledger, USER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { ledgerAt } from '../../core/ledger/run-ledger.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, RunFile } from '../../core/schemas/record.ts';
import { type Shape, topGroups } from '../../core/stats/shape.ts';
import { type Estimate, type LevelPoint, pooledTheilSen, slopeOf, slopeReach } from '../../core/stats/slope.ts';

type Components = NonNullable<LegSummary['perConnection']>['components'];
type ComponentEstimates = NonNullable<LegSummary['perConnection']>['componentEstimates'];

/** One hold, arranged: its ledger against the leg's baseline. */
export interface HeldLevel {
  readonly point: MemoryPoint;
  readonly ledger: Ledger;
}

/** The points of one quantity over levels; none when any level lacks it. */
export function levelPointsOf(held: readonly HeldLevel[], pick: (ledger: Ledger) => number | null): LevelPoint[] {
  const points = held.map(({ point, ledger }) => ({ open: point.level, bytes: pick(ledger) }));
  return points.every((point): point is LevelPoint => point.bytes !== null) ? points : [];
}

/** The shape of the whole goes for its parts as well, so that all of them speak of the same levels. */
export function perConnectionOf(held: readonly HeldLevel[], shape: Shape, stray: number): LegSummary['perConnection'] {
  const costOf = (pick: (ledger: Ledger) => number | null): Estimate | null =>
    slopeOf(topGroups(levelPointsOf(held, pick), shape)) ?? null;
  const isKernelEstimated = isKernelEstimatedIn(held.map(({ point }) => point.readings));
  const withNotes = (cost: Estimate | null): Estimate | null => (cost && isKernelEstimated ? widenByNotes(cost) : cost);
  const user = costOf((ledger) => ledger.user);
  const kernel = withNotes(costOf((ledger) => ledger.kernel));
  if (user === null && kernel === null) return null;
  const total = withNotes(costOf((ledger) => ledger.total));
  const charged = costOf((ledger) => ledger.charged);
  const components = componentsOf(held, shape, (total ?? user ?? kernel)!.bytes);
  return {
    total,
    user,
    kernel,
    isKernelEstimated: kernel !== null && isKernelEstimated,
    charged,
    components,
    componentEstimates: componentEstimatesOf(held, shape, components),
    unexplained: widened(
      costOf((ledger) => ledger.unexplained),
      stray / (held.at(-1)?.point.level ?? 1),
    ),
    coarseBytes: 0,
    tcpReservedBytes: costOf((ledger) => ledger.tcpReserved)?.bytes ?? null,
  };
}

/** What the host has more or less of when all have closed again is somebody else's doing, and went on meanwhile. */
export function strayBytes(run: RunFile, points: readonly MemoryPoint[], baseline: MemoryPoint | undefined): number {
  const after = points.find(({ phase }) => phase === 'retained');
  return after ? Math.abs(ledgerAt(run, baseline, after).unexplained ?? 0) : 0;
}

const widened = (estimate: Estimate | null, by: number): Estimate | null =>
  estimate && { bytes: estimate.bytes, low: estimate.low - by, high: estimate.high + by };

/** One slope for each row. Medians don't add up exactly, so the largest remainder row closes the sum to the byte. */
function componentsOf(
  held: readonly HeldLevel[],
  shape: Shape,
  whole: number,
): NonNullable<LegSummary['perConnection']>['components'] {
  const rowOf = (pick: (ledger: Ledger) => number | null): number | null =>
    pooledTheilSen(topGroups(levelPointsOf(held, pick), shape)) ?? null;
  const names = [...USER_COMPONENTS, ...KERNEL_COMPONENTS];
  const rows = Object.fromEntries(names.map((name) => [name, rowOf((ledger) => ledger.components[name])])) as Record<
    (typeof names)[number],
    number | null
  >;
  const socket = (rows.unixSock ?? 0) > 0 ? 'unixSock' : 'tcpSock';
  const rest = rows.userOther === null ? socket : 'userOther';
  const others = names.filter((name) => name !== rest).reduce((sum, name) => sum + (rows[name] ?? 0), 0);
  return { ...rows, [rest]: whole - others, unexplained: rowOf((ledger) => ledger.unexplained) };
}

/**
 * How far each row scatters over the levels, around what it is told to be. By Student's t alone: a bootstrap of every row would take the
 * conductor's time after each level.
 */
function componentEstimatesOf(held: readonly HeldLevel[], shape: Shape, components: Components): ComponentEstimates {
  const names = [...USER_COMPONENTS, ...KERNEL_COMPONENTS];
  return Object.fromEntries(
    names.map((name) => {
      const bytes = components[name] ?? null;
      const series = levelPointsOf(held, (ledger) => ledger.components[name]);
      const reach = slopeReach(topGroups(series, shape));
      return [name, bytes === null || reach === undefined ? null : { bytes, low: bytes - reach, high: bytes + reach }];
    }),
  );
}
