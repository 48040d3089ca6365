import assert from 'node:assert/strict';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { leastSquares } from '../../core/stats/least-squares.ts';

export type LedgerPart = 'total' | 'user' | 'kernel';

/** The least-squares line through the levels of a summary. */
export function lineOf({ levels }: LegSummary, part: LedgerPart): { slope: number; intercept: number } {
  const points = levels.map(({ open, bytes }) => ({ open, bytes: bytes[part] }));
  assert.ok(points.every((point): point is { open: number; bytes: number } => point.bytes !== null));
  const { slope, at } = leastSquares(points);
  return { slope, intercept: at(0) };
}

/**
 * How far least squares may be from the run's own estimate: 5 %, or as far as that says of itself that it may be off. A
 * neighbour who queues data in sockets while a level is read lifts that level by megabytes: least squares bends then, and
 * the estimate's interval gets wide.
 */
export function reachOf({ perConnection }: LegSummary): number {
  const { bytes, low, high } = perConnection!.total!;
  return Math.max(0.05 * bytes, high - bytes, bytes - low);
}
