import type { HeapSlack } from '../values/runtimes.ts';
import type { Estimate, LevelPoint } from './slope.ts';

/**
 * An interval that also knows how coarsely the target's heaps take memory. Levels may lie on a line and be wrong all the same:
 * garbage grows with connections as long as none of it was collected, and what they need is hidden as long as the heap has room.
 * Between the least and the most connections that adds up to the slack of every process, in either direction.
 *
 * @param points of the levels that the cost comes from
 * @param processes that share the connections, at least 1
 */
export function widenBySlack(
  { bytes, low, high }: Estimate,
  points: readonly LevelPoint[],
  slack: HeapSlack,
  processes: number,
): Estimate {
  const opens = points.map(({ open }) => open);
  const range = Math.max(...opens) - Math.min(...opens);
  if (!(range > 0)) return { bytes, low, high };
  const coarse = (slack.bytes * processes) / range;
  // Garbage makes growth look larger than it is, never smaller.
  return { bytes, low: low - coarse - slack.ofGrowth * Math.max(0, bytes), high: high + coarse };
}
