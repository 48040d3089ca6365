/** As levels are: so many connections, and what they took. */
interface Reading {
  readonly open: number;
  readonly bytes: number;
}

/** What a least-squares line needs of some points; both sums are of squares about the means. */
export interface Moments {
  readonly count: number;
  readonly meanOpen: number;
  readonly meanBytes: number;
  /** Sum of (open − meanOpen)². */
  readonly openSquares: number;
  /** Sum of (open − meanOpen) × (bytes − meanBytes). */
  readonly products: number;
}

export function momentsOf(points: readonly Reading[]): Moments {
  const count = points.length;
  const meanOpen = points.reduce((sum, { open }) => sum + open, 0) / count;
  const meanBytes = points.reduce((sum, { bytes }) => sum + bytes, 0) / count;
  let openSquares = 0;
  let products = 0;
  for (const { open, bytes } of points) {
    openSquares += (open - meanOpen) ** 2;
    products += (open - meanOpen) * (bytes - meanBytes);
  }
  return { count, meanOpen, meanBytes, openSquares, products };
}

/** Sum of squared distances, in bytes², of points from what a model says. */
export const residualSquares = (points: readonly Reading[], bytesAt: (open: number) => number): number =>
  points.reduce((sum, { open, bytes }) => sum + (bytes - bytesAt(open)) ** 2, 0);

/** The least-squares line through points, as a function; flat through their mean when all have the same `open`. */
export function leastSquares(points: readonly Reading[]): { slope: number; at: (open: number) => number } {
  const { meanOpen, meanBytes, openSquares, products } = momentsOf(points);
  const slope = openSquares === 0 ? 0 : products / openSquares;
  return { slope, at: (open) => meanBytes + slope * (open - meanOpen) };
}

/** 97.5th percentiles of Student's t for 1 to 30 degrees of freedom: half of a two-sided 95 % interval. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/**
 * How many standard errors a 95 % interval reaches to each side, by Student's t.
 *
 * @param degrees of freedom, whole, at least 1; beyond the table to within 0.002
 */
export const studentReach = (degrees: number): number => STUDENT[degrees - 1] ?? 1.96 + 2.4 / degrees;
