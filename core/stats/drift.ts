import { leastSquares, momentsOf, studentReach } from './least-squares.ts';
import { type Estimate, median } from './slope.ts';

/** Memory at a moment, or after so many turnovers. */
export interface DriftReading {
  readonly at: number;
  readonly bytes: number;
}

export interface DriftEstimate {
  /** Growth for each unit of `at`, with its 95 % interval. */
  readonly slope: Estimate;
  /** Most of the growth came in the first half. */
  readonly isLevellingOff: boolean;
}

/** A line through fewer says nothing of how they scatter. */
const LEAST_READINGS = 5;
/** From twice as many on readings are taken together in so many blocks: neighbours are alike, blocks hardly. */
const BLOCKS = 12;
/** A reading doesn't repeat to better than some pages, whatever a few of them happen to show. */
const FLOOR_BYTES = 16 * 2 ** 10;
/** What is left of it in the second half, below which growth levels off: an allocator fills up, a leak goes on. */
const LEVELLING_SHARE = 0.5;
/** Beyond that nobody can say how little is known. */
const MOST_ALIKE = 0.9;

/**
 * What memory grows by while a level goes on: the least-squares line through medians of blocks, with Student's t interval.
 * Readings of one process are alike from one to the next (garbage comes and goes in waves), and an interval that takes them
 * for independent is too narrow. So blocks count instead of readings, and what is alike in blocks as well widens the
 * interval. The first-order correction for residuals that follow each other (Bartlett 1946), raised by its bias.
 *
 * Simulated over white noise, waves of a collector, and first-order processes of up to 0.9, intervals held the true drift
 * in at least 92 of 100 series: see drift.test.ts. A random walk has no drift that could be told from its own.
 *
 * @param segments each has an intercept of its own: a launch, or what lies between two interruptions
 * @returns undefined for fewer than five readings, or when nothing passed between them
 */
export function driftOf(segments: ReadonlyArray<readonly DriftReading[]>): DriftEstimate | undefined {
  const slope = slopeIn(segments);
  if (!slope) return undefined;
  const later = slopeIn(segments.map((readings) => readings.slice(Math.floor(readings.length / 2))));
  return {
    slope,
    isLevellingOff: slope.bytes > 0 && later !== undefined && later.bytes < LEVELLING_SHARE * slope.bytes,
  };
}

/** Shown to grow, and to go on growing. */
export const isDrifting = ({ slope, isLevellingOff }: DriftEstimate): boolean => slope.low > 0 && !isLevellingOff;

function slopeIn(segments: ReadonlyArray<readonly DriftReading[]>): Estimate | undefined {
  const blocks = segments.map(blocksOf).filter(({ length }) => length >= 2);
  const count = blocks.reduce((sum, { length }) => sum + length, 0);
  const moments = blocks.map(momentsOf);
  const squares = moments.reduce((sum, { openSquares }) => sum + openSquares, 0);
  const degrees = count - blocks.length - 1;
  if (count < LEAST_READINGS || degrees < 1 || squares === 0) return undefined;
  const bytes =
    blocks.length === 1
      ? leastSquares(blocks[0]!).slope
      : moments.reduce((sum, { products }) => sum + products, 0) / squares;
  const residuals = blocks.map((points, i) =>
    points.map((point) => point.bytes - moments[i]!.meanBytes - bytes * (point.open - moments[i]!.meanOpen)),
  );
  const sum = residuals.flat().reduce((total, one) => total + one ** 2, 0);
  const scatter = Math.max(FLOOR_BYTES, Math.sqrt(sum / degrees));
  const alike = alikeIn(residuals, sum, count);
  const reach = (studentReach(degrees) * scatter * Math.sqrt((1 + alike) / (1 - alike))) / Math.sqrt(squares);
  return { bytes, low: bytes - reach, high: bytes + reach };
}

/** Few as they are, or taken together. In the words of the other statistics: so many `open`, so many bytes. */
function blocksOf(readings: readonly DriftReading[]): Array<{ open: number; bytes: number }> {
  if (readings.length < 2 * BLOCKS) return readings.map(({ at, bytes }) => ({ open: at, bytes }));
  return Array.from({ length: BLOCKS }, (_, i) => {
    const from = Math.floor((i * readings.length) / BLOCKS);
    const block = readings.slice(from, Math.floor(((i + 1) * readings.length) / BLOCKS));
    return {
      open: block.reduce((sum, { at }) => sum + at, 0) / block.length,
      bytes: median(block.map(({ bytes }) => bytes)),
    };
  });
}

/** How much of a residual is in the next one, at least 0. A fitted line takes about 2 ÷ count of it away. */
function alikeIn(residuals: ReadonlyArray<readonly number[]>, squares: number, count: number): number {
  if (squares === 0) return 0;
  let products = 0;
  for (const own of residuals) for (let i = 1; i < own.length; i++) products += own[i]! * own[i - 1]!;
  return Math.min(MOST_ALIKE, Math.max(0, products / squares + 2 / count));
}
