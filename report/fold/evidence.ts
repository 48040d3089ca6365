import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, RunFile } from '../../core/schemas/record.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import type { RunRecord } from './read-run.ts';
import { summarize } from './summarize.ts';
import { summarizeLeg } from './summarize-leg.ts';

/** Fewer levels may lie on a line by chance. */
const LEAST_LEVELS_TO_SKIP = 5;

/** How far a cost's interval reaches, to the farther side, in percent of the cost; infinite where there is none. */
export function reachPercent(cost: Estimate | null): number {
  if (cost === null || cost.bytes <= 0) return Number.POSITIVE_INFINITY;
  return (Math.max(cost.bytes - cost.low, cost.high - cost.bytes) / cost.bytes) * 100;
}

/** What one more connection costs, by as much of it as is known. */
export const costKnown = ({ perConnection }: LegSummary): Estimate | null =>
  perConnection?.total ?? perConnection?.user ?? perConnection?.kernel ?? null;

/** Whether the levels of a leg so far tell its cost well enough, so that the next ones need not be held. */
export function isPreciseBy(
  run: RunFile,
  points: readonly MemoryPoint[],
  index: number,
  precisionPercent: number,
): boolean {
  if (points.filter(({ phase }) => phase === 'hold').length < LEAST_LEVELS_TO_SKIP) return false;
  return reachPercent(costSoFar(run, points, index)) <= precisionPercent;
}

/** What one more connection costs by the levels of a leg so far; null where these don't show it. */
export const costSoFar = (run: RunFile, points: readonly MemoryPoint[], index: number): Estimate | null =>
  costKnown(summarizeLeg({ run, samples: points, events: [], problems: [] }, run.plan.legs[index]!, index));

/**
 * What a run that goes on has not shown yet, of what it was asked to: a cost as narrow as that, a threshold or a growth, either way.
 *
 * @returns a sentence; null when another launch would tell nothing more
 */
export function openQuestion(record: RunRecord, precisionPercent: number | undefined): string | null {
  const run: RunFile = { ...record.run, status: 'passed', exitCode: 0 };
  const { legs, status, error, thresholds, baseline } = summarize({ ...record, run });
  const isGateOpen = [...thresholds, ...(baseline?.legs ?? [])].some(({ isShown }) => !isShown);
  if (status === 'inconclusive' && (isGateOpen || precisionPercent !== undefined)) return error?.message ?? null;
  if (status === 'failed' || precisionPercent === undefined) return null;
  const wide = legs.find((leg) => reachPercent(costKnown(leg)) > precisionPercent);
  if (!wide || costKnown(wide) === null) return null;
  const reach = reachPercent(costKnown(wide)).toFixed(1);
  return `${wide.name}: the cost is known to ${reach} % to either side, and ${precisionPercent} % are asked for`;
}
