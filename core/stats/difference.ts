import { studentReach } from './least-squares.ts';
import type { Estimate } from './slope.ts';

/** What one more connection costs by one run: with its 95 % interval, which is over launches where there are several. */
export interface Cost extends Estimate {
  readonly launches: number;
  /** The part of the interval's reach that no number of launches makes smaller; see core/stats/heap-slack.ts. */
  readonly coarseBytes: number;
}

export const WORDS = ['cheaper', 'dearer', 'no difference shown'] as const;
export type Word = (typeof WORDS)[number];

/** From the first cost to the second, in bytes, with its 99 % interval. */
export interface Difference extends Estimate {
  /** In percent of the first cost; null where that may be nothing, so its interval reaches to 0: percents of it say nothing. */
  readonly percent: number | null;
  readonly word: Word;
}

/**
 * One launch doesn't show how far launches scatter, so its cost is taken to be off by so much of it (standard
 * deviation). Measured with our own server, 5 launches of ws at 10,000: 0.4 to 0.8 %; Redis: 0.7 %.
 */
const LAUNCH_SCATTER = 0.01;
/** The standard error of an estimate with a 95 % interval of the normal distribution. */
const NORMAL_REACH = 1.96;

/**
 * By how much the second cost differs from the first, and whether that is shown. Comparisons are made for every change of a
 * program, and a false alarm in one of twenty would come every week. So the interval holds 99 %, and a word is said only
 * where that excludes 0.
 *
 * With several launches on both sides it is Student's t with a variance pooled from both. Servers of one kind on one
 * machine scatter alike, and three launches are too few to tell two variances apart. A single launch has the error of its
 * levels and the scatter that launches are known to have.
 */
export const differenceOf = (first: Cost, second: Cost): Difference => differenceWithin(first, second, studentReach99);

/** The same with a 95 % interval, for what is told once of one run, as its costs are. */
export const differenceAt95 = (first: Cost, second: Cost): Difference => differenceWithin(first, second, studentReach);

/** @param pointOf the two-sided point of Student's t, by degrees of freedom */
function differenceWithin(first: Cost, second: Cost, pointOf: (degrees: number) => number): Difference {
  const bytes = second.bytes - first.bytes;
  // Either may be off in either direction, however alike the runs are.
  const reach = reachOf(first, second, pointOf) + first.coarseBytes + second.coarseBytes;
  const [low, high] = [bytes - reach, bytes + reach];
  return {
    bytes,
    low,
    high,
    percent: first.low <= 0 ? null : (bytes / first.bytes) * 100,
    word: low > 0 ? 'dearer' : high < 0 ? 'cheaper' : 'no difference shown',
  };
}

/** A share of what something cost before; what cost nothing allows nothing. */
export const allowedGrowthBytes = (beforeBytes: number, allowedPercent: number): number =>
  (allowedPercent / 100) * Math.max(0, beforeBytes);

/** Whether growth beyond what is allowed is shown: all of the interval lies there. What may be chance fails nobody. */
export const growsBeyond = ({ low }: Difference, allowedBytes: number): boolean => low > allowedBytes;
/** Whether it is shown to stay within what is allowed. What can't be seen has not passed. */
export const staysWithin = ({ high }: Difference, allowedBytes: number): boolean => high <= allowedBytes;

function reachOf(first: Cost, second: Cost, pointOf: (degrees: number) => number): number {
  if (first.launches > 1 && second.launches > 1) {
    const [a, b] = [first, second].map((cost) => ({
      degrees: cost.launches - 1,
      // The variance of single launches, from the interval of their mean.
      variance: (halfOf(cost) / studentReach(cost.launches - 1)) ** 2 * cost.launches,
      launches: cost.launches,
    })) as [Spread, Spread];
    const degrees = a.degrees + b.degrees;
    const pooled = (a.variance * a.degrees + b.variance * b.degrees) / degrees;
    return pointOf(degrees) * Math.sqrt(pooled * (1 / a.launches + 1 / b.launches));
  }
  const error = Math.hypot(...[first, second].map(errorOf));
  const degrees = Math.min(...[first, second].map(({ launches }) => (launches > 1 ? launches - 1 : MANY)));
  return pointOf(degrees) * error;
}

interface Spread {
  readonly degrees: number;
  readonly variance: number;
  readonly launches: number;
}

/** Degrees of freedom of what isn't estimated from a few values. */
const MANY = 100;

/** Half of the interval that launches or levels tell. */
const halfOf = ({ low, high, coarseBytes }: Cost): number => Math.max(0, (high - low) / 2 - coarseBytes);

function errorOf(cost: Cost): number {
  if (cost.launches > 1) return halfOf(cost) / studentReach(cost.launches - 1);
  return Math.hypot(halfOf(cost) / NORMAL_REACH, LAUNCH_SCATTER * cost.bytes);
}

/** Two-sided 99 % points of Student's t, for 1 to 12 degrees of freedom. */
const STUDENT_99 = [63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.25, 3.169, 3.106, 3.055];

/** @param degrees whole, at least 1; beyond the table to within 0.01 */
const studentReach99 = (degrees: number): number => STUDENT_99[degrees - 1] ?? 2.576 + 5.6 / degrees;
