import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import { type Ledger, USER_COMPONENTS } from '../../core/ledger/ledger.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { type Groups, pooledTheilSen, slopeOf } from '../../core/stats/slope.ts';

type PerConnection = NonNullable<LegSummary['perConnection']>;
type Rows = Record<(typeof NAMES)[number], number | null>;

const NAMES = [...USER_COMPONENTS, ...KERNEL_COMPONENTS] as const;

/**
 * What one more connection costs, row by row of the ledger, each with how far it scatters over the levels. Medians don't add
 * up exactly, so the largest remainder row closes the sum to the byte.
 *
 * @param rowOf the levels of one row, by the shape of the whole
 * @param whole what the rows sum to, in bytes
 */
export function componentCosts(
  rowOf: (pick: (ledger: Ledger) => number | null) => Groups,
  whole: number,
): Pick<PerConnection, 'components' | 'componentEstimates'> {
  const levels = NAMES.map((name) => [name, rowOf((ledger) => ledger.components[name])] as const);
  const rows = Object.fromEntries(levels.map(([name, groups]) => [name, pooledTheilSen(groups) ?? null])) as Rows;
  const rest = rows.userOther === null ? 'tcpSock' : 'userOther';
  const others = NAMES.filter((name) => name !== rest).reduce((sum, name) => sum + (rows[name] ?? 0), 0);
  const components = {
    ...rows,
    [rest]: whole - others,
    unexplained: pooledTheilSen(rowOf(({ unexplained }) => unexplained)) ?? null,
  } as PerConnection['components'];
  const componentEstimates = Object.fromEntries(
    levels.map(([name, groups]) => {
      const bytes = components[name] ?? null;
      const estimate = slopeOf(groups);
      if (bytes === null || !estimate) return [name, null];
      const { low, high } = estimate;
      return [name, { bytes, low: bytes - (estimate.bytes - low), high: bytes + (high - estimate.bytes) }];
    }),
  );
  return { components, componentEstimates };
}
