import { studentReach } from './least-squares.ts';
import type { Estimate } from './slope.ts';

/** A line through levels, with all that a prediction by it needs. */
export interface Line {
  /** Connections from which on it holds: 0, or where a step or a knee begins it. */
  readonly fromOpen: number;
  /** Bytes at zero connections, by the line. */
  readonly interceptBytes: number;
  readonly bytesPerConnection: number;
  /** Standard deviation of levels about the lines they lie on, with the degrees of freedom it has. */
  readonly residualBytes: number;
  readonly degrees: number;
  /** Points on this line, and where they lie on average. */
  readonly points: number;
  readonly meanOpen: number;
  /** Sum of (open − mean)² over all points that the slope comes from. */
  readonly openSquares: number;
}

/** More connections than any machine holds: what fits here isn't limited. */
const BEYOND_ALL = 2 ** 31;

/**
 * What one more reading at `open` connections would show, with the 95 % interval of the prediction. It is that of a
 * straight line (Draper & Smith, Applied Regression Analysis, 3rd ed., §3.1):
 *
 *     t × s × √(1 + 1/n + (open − mean)² ÷ Σ(openᵢ − mean)²)
 *
 * the reading's own scatter (1), what isn't known of the line's height (1/n) and of its slope (the last term, which
 * grows with the distance). Both s and the sums are taken about our Theil–Sen line. They are never smaller than about the
 * least-squares line, so the interval errs on the wide side.
 */
export function predictAt(line: Line, open: number): Estimate {
  const bytes = line.interceptBytes + line.bytesPerConnection * open;
  const distance = (open - line.meanOpen) ** 2 / line.openSquares;
  const reach = studentReach(line.degrees) * line.residualBytes * Math.sqrt(1 + 1 / line.points + distance);
  return { bytes, low: bytes - reach, high: bytes + reach };
}

/** The line that holds at so many connections. @param lines at least one, ascending in `fromOpen` */
export const lineAt = (lines: readonly Line[], open: number): Line =>
  lines.findLast(({ fromOpen }) => fromOpen <= open) ?? lines[0]!;

/**
 * The most connections whose upper bound of prediction fits, found by halving.
 *
 * @param lines ascending in `fromOpen`
 * @returns null when more fit than any machine holds: the cost may be 0 or less
 */
export function mostWithin(lines: readonly Line[], budgetBytes: number): number | null {
  for (const [i, line] of [...lines.entries()].toReversed()) {
    const before = lines[i + 1]?.fromOpen ?? BEYOND_ALL;
    const most = mostOn(line, before, budgetBytes);
    if (most >= line.fromOpen) return most >= BEYOND_ALL - 1 ? null : most;
  }
  return 0;
}

/**
 * On one line, below `before`; -1 when nothing fits. The upper bound is convex: near the first level it may fall, and
 * from the middle of the levels on it rises with the cost. So what doesn't fit at one end, but at the middle, has its
 * last fit above it.
 */
function mostOn(line: Line, before: number, budgetBytes: number): number {
  const fitsAt = (open: number): boolean => predictAt(line, open).high <= budgetBytes;
  const middle = Math.min(before - 1, Math.max(line.fromOpen, Math.floor(line.meanOpen)));
  let fits = [before - 1, middle, line.fromOpen].find(fitsAt);
  if (fits === undefined) return -1;
  let fails = fits === before - 1 ? before : fits === middle ? before - 1 : middle;
  while (fails - fits > 1) {
    const half = Math.floor((fits + fails) / 2);
    if (fitsAt(half)) fits = half;
    else fails = half;
  }
  return fits;
}
