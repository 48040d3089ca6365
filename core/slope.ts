import { type Random, seededRandom } from './random.ts';

/** One level's memory: `open` connections, `bytes` as the hold's median. */
export interface LevelPoint {
  readonly open: number;
  readonly bytes: number;
}

/** A value with its 95 % interval, all in bytes. */
export interface Estimate {
  readonly bytes: number;
  readonly low: number;
  readonly high: number;
}

/** A straight line through the levels, with how well it describes them. */
export interface LineFit {
  /** Bytes one more connection costs. */
  readonly slope: Estimate;
  /** Bytes at zero connections, by the line. */
  readonly interceptBytes: number;
  /** Share of the variance between levels that the line explains; 1 when all lie on it. */
  readonly rSquared: number;
  /** The top level's signed error against a line through the others, in percent of what was measured; null below 4 levels. */
  readonly holdoutErrorPercent: number | null;
}

const RESAMPLES = 1000;
/** Fixed: the same record must give the same report. */
const SEED = 0x5eed;

/**
 * What one more connection costs: the Theil–Sen slope over level medians, with a bootstrap interval over levels.
 * Not bytes ÷ connections, which spreads the empty process's own memory over them; and not least squares, which one
 * disturbed level bends.
 *
 * @param points one per level; levels that were visited twice may appear twice
 * @returns undefined below 3 distinct levels
 */
export function fitLine(points: readonly LevelPoint[], random: Random = seededRandom(SEED)): LineFit | undefined {
  if (new Set(points.map((point) => point.open)).size < 3) return undefined;
  const bytes = theilSen(points)!;
  const interceptBytes = median(points.map((point) => point.bytes - bytes * point.open));
  const [low, high] = bootstrapInterval(points, bytes, random);
  return {
    slope: { bytes, low, high },
    interceptBytes,
    rSquared: rSquaredOf(points, bytes, interceptBytes),
    holdoutErrorPercent: holdoutError(points),
  };
}

/** Median of the slopes between all pairs of points with different `open`; undefined when there is no such pair. */
export function theilSen(points: readonly LevelPoint[]): number | undefined {
  const slopes: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const run = points[j]!.open - points[i]!.open;
      if (run !== 0) slopes.push((points[j]!.bytes - points[i]!.bytes) / run);
    }
  }
  return slopes.length === 0 ? undefined : median(slopes);
}

/** The middle value, or the mean of the two middle ones. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** 2.5th and 97.5th percentile of the slope over levels drawn with replacement; always contains the slope itself. */
function bootstrapInterval(points: readonly LevelPoint[], slope: number, random: Random): [number, number] {
  const slopes: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    const drawn = points.map(() => points[Math.floor(random() * points.length)]!);
    const one = theilSen(drawn);
    if (one !== undefined) slopes.push(one);
  }
  slopes.sort((a, b) => a - b);
  const at = (q: number): number => slopes[Math.round(q * (slopes.length - 1))] ?? slope;
  return [Math.min(slope, at(0.025)), Math.max(slope, at(0.975))];
}

function rSquaredOf(points: readonly LevelPoint[], slope: number, intercept: number): number {
  const mean = points.reduce((sum, point) => sum + point.bytes, 0) / points.length;
  let residual = 0;
  let spread = 0;
  for (const { open, bytes } of points) {
    residual += (bytes - intercept - slope * open) ** 2;
    spread += (bytes - mean) ** 2;
  }
  if (spread === 0) return 1;
  return 1 - residual / spread;
}

function holdoutError(points: readonly LevelPoint[]): number | null {
  const top = Math.max(...points.map((point) => point.open));
  const rest = points.filter((point) => point.open < top);
  if (new Set(rest.map((point) => point.open)).size < 3) return null;
  const slope = theilSen(rest)!;
  const intercept = median(rest.map((point) => point.bytes - slope * point.open));
  const measured = median(points.filter((point) => point.open === top).map((point) => point.bytes));
  return measured === 0 ? null : ((intercept + slope * top - measured) / measured) * 100;
}
