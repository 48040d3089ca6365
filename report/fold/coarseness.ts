import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { isCollected } from '../../core/schemas/readings.ts';
import type { RunFile, Sample } from '../../core/schemas/record.ts';
import { coarsenessOf, widenBy } from '../../core/stats/heap-slack.ts';
import { heapSlackBytes } from '../../core/values/runtimes.ts';
import type { Hidden } from './inconclusive.ts';

/** What the target's runtime may hide at the levels of a leg; undefined where it isn't known. */
export function hiddenBy({ target }: RunFile, samples: readonly Sample[], index: number): Hidden | undefined {
  if (target.runtime === null) return undefined;
  const holds = samples.flatMap((sample) =>
    sample.type === 'memory' && sample.leg === index && sample.phase === 'hold' ? [sample] : [],
  );
  const isAllCollected = holds.every(({ readings }) => isCollected(readings));
  const bytes = heapSlackBytes(target.runtime, isAllCollected) * Math.max(1, target.processes ?? 1);
  return { runtime: target.runtime, bytes, isCollected: isAllCollected };
}

/**
 * A leg whose intervals also know how coarsely the target's runtime takes memory. That is no scatter: launches don't average it out.
 *
 * @param above so many connections lie the levels that the cost comes from
 */
export function withCoarseness(leg: LegSummary, hidden: Hidden | undefined, above: number): LegSummary {
  const { perConnection, levels, fit } = leg;
  if (perConnection === null || !hidden) return leg;
  // The cost is that above a knee.
  const opens = levels.map(({ open }) => open).filter((open) => open > above && open >= (fit?.knee?.high ?? 0));
  const coarseBytes = coarsenessOf(opens, hidden.bytes);
  if (!(coarseBytes > 0)) return leg;
  const { total, user, charged } = perConnection;
  return {
    ...leg,
    perConnection: {
      ...perConnection,
      total: total && widenBy(total, coarseBytes),
      user: user && widenBy(user, coarseBytes),
      charged: charged && widenBy(charged, coarseBytes),
      coarseBytes,
    },
  };
}
