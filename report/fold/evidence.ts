import type { MemoryPoint, RunFile } from '../../core/schemas/record.ts';
import { reachPercent } from '../../core/stats/precision.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { knownCost } from '../../core/values/known-cost.ts';
import type { RunRecord } from './read-run.ts';
import { summarize } from './summarize.ts';
import { summarizeLeg } from './summarize-leg.ts';

/** What one more connection costs by the levels of a leg so far; null where these don't show it. */
export const costSoFar = (run: RunFile, points: readonly MemoryPoint[], index: number): Estimate | null =>
  knownCost(summarizeLeg({ run, samples: points, events: [], problems: [] }, run.plan.legs[index]!, index));

const ROUND_TRIP = /^[\w-]+\.rtt\./;

/**
 * What a run that goes on has not shown yet, of what it was asked to: a cost as narrow as that, a threshold or a growth, either way.
 *
 * @returns a sentence; null when another launch would tell nothing more
 */
export function openQuestion(record: RunRecord, precisionPercent: number | undefined): string | null {
  const run: RunFile = { ...record.run, status: 'passed', exitCode: 0 };
  const { legs, status, error, thresholds, baseline } = summarize({ ...record, run });
  // What doesn't come back doesn't in another launch either.
  const open = thresholds.filter(({ expression }) => !ROUND_TRIP.test(expression));
  const isGateOpen = [...open, ...(baseline?.legs ?? [])].some(({ isShown }) => !isShown);
  const isCostOpen = legs.some(({ inconclusive }) => inconclusive !== null);
  if (status === 'inconclusive' && (isGateOpen || (isCostOpen && precisionPercent !== undefined)))
    return error?.message ?? null;
  if (status === 'failed' || precisionPercent === undefined) return null;
  const wide = legs.find((leg) => reachPercent(knownCost(leg)) > precisionPercent);
  if (!wide || knownCost(wide) === null) return null;
  const reach = reachPercent(knownCost(wide)).toFixed(1);
  return `${wide.name}: the cost is known to ${reach} % to either side, and ${precisionPercent} % are asked for`;
}
