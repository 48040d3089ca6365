import type { MemoryPoint } from '../../core/schemas/record.ts';
import { type Estimate, LEAST_LEVELS } from '../../core/stats/slope.ts';

/**
 * What one more connection costs by the levels so far: worked out once for each level, however often it is asked for.
 *
 * @param points a baseline and levels; they only grow
 * @returns null below as many levels as a line takes, and where `estimate` finds that they don't show a cost
 */
export function followCost(
  points: () => readonly MemoryPoint[],
  estimate: (points: readonly MemoryPoint[]) => Estimate | null,
): () => Estimate | null {
  let known = 0;
  let cost: Estimate | null = null;
  return () => {
    const now = points();
    if (now.length === known) return cost;
    known = now.length;
    cost = now.filter(({ phase }) => phase === 'hold').length < LEAST_LEVELS ? null : estimate(now);
    return cost;
  };
}
