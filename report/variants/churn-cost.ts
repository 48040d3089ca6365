import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { VariantResult } from '../../core/schemas/variants.ts';
import { differenceOf } from '../../core/stats/difference.ts';
import { costOverLaunches } from '../../core/stats/launches.ts';
import { costOf } from '../compare/comparison.ts';

/**
 * What one more connection costs while connections are replaced, over the runs of a variant, and how that differs from the base:
 * levels are read at rest before.
 *
 * @returns null where none were replaced, and where too few levels tell
 */
export function churnCostOf(
  legs: ReadonlyArray<Pick<LegSummary, 'churn'>>,
  base: LegSummary | null,
): VariantResult['churn'] {
  const pooled = costOverLaunches(legs.flatMap(({ churn }) => churn?.perConnection ?? []));
  if (!pooled) return null;
  const { slope, launches } = pooled;
  const ofBase = costOf(base, 'total') ?? costOf(base, 'user');
  return {
    interval: slope,
    difference: ofBase && differenceOf(ofBase, { ...slope, launches, coarseBytes: ofBase.coarseBytes }),
  };
}
