import type { Estimate } from './slope.ts';

/** How far a cost's interval reaches, to the farther side, in percent of the cost; infinite where there is none. */
export function reachPercent(cost: Estimate | null): number {
  if (cost === null || cost.bytes <= 0) return Number.POSITIVE_INFINITY;
  return (Math.max(cost.bytes - cost.low, cost.high - cost.bytes) / cost.bytes) * 100;
}
