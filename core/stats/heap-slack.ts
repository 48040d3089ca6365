import type { Estimate } from './slope.ts';

/**
 * How far a cost may be off for how coarsely the target's heaps take memory, in bytes a connection. Levels may lie on a
 * line and be wrong all the same. Garbage grows with connections as long as none of it was collected, and what they need is
 * hidden as long as the heap has room. Between the least and the most connections that adds up to the slack of every
 * process, in either direction.
 *
 * @param opens connections at the levels that the cost comes from
 * @param slackBytes of all processes that share the connections
 */
export function coarsenessOf(opens: readonly number[], slackBytes: number): number {
  const range = Math.max(...opens) - Math.min(...opens);
  return range > 0 ? slackBytes / range : 0;
}

/** An interval that knows of it. */
export const widenBy = ({ bytes, low, high }: Estimate, reach: number): Estimate => ({
  bytes,
  low: low - reach,
  high: high + reach,
});
