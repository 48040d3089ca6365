import { studentReach } from './least-squares.ts';
import type { Estimate } from './slope.ts';

/** What one more connection costs, over several launches of the same target. */
export interface LaunchesEstimate {
  readonly slope: Estimate;
  /** How many launches had a cost, and that of each. */
  readonly launches: number;
  readonly slopes: readonly number[];
  /** Standard deviation of the launches' costs ÷ their mean; null for one launch, and where the mean is 0. */
  readonly coefficientOfVariation: number | null;
}

/**
 * Pools launches: the mean of their costs, with Student's t interval over launches. What differs from launch to launch
 * (where an allocator begins, what got compiled) is the same for all levels of one. So levels of several launches must not
 * be thrown together. It is t and not a bootstrap: 2 to 5 launches drawn with replacement can't reach 95 %.
 *
 * @param estimates the cost of each, with its interval over levels
 * @returns with one launch, its own interval; undefined with none
 */
export function costOverLaunches(estimates: readonly Estimate[]): LaunchesEstimate | undefined {
  const slopes = estimates.map(({ bytes }) => bytes);
  const count = slopes.length;
  if (count === 0) return undefined;
  if (count === 1) return { slope: estimates[0]!, launches: 1, slopes, coefficientOfVariation: null };
  const mean = slopes.reduce((sum, slope) => sum + slope, 0) / count;
  const deviation = Math.sqrt(slopes.reduce((sum, slope) => sum + (slope - mean) ** 2, 0) / (count - 1));
  const reach = (studentReach(count - 1) * deviation) / Math.sqrt(count);
  return {
    slope: { bytes: mean, low: mean - reach, high: mean + reach },
    launches: count,
    slopes,
    coefficientOfVariation: mean === 0 ? null : deviation / Math.abs(mean),
  };
}
