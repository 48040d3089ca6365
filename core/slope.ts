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

/** Levels that lie on one line, or on lines with one slope, a jump between them: pairs are made within a group only. */
export type Groups = ReadonlyArray<readonly LevelPoint[]>;

const RESAMPLES = 1000;
/** Fixed: the same record must give the same report. */
const SEED = 0x5eed;

/**
 * What one more connection costs: the Theil–Sen slope over level medians, with a bootstrap interval over levels.
 * Not bytes ÷ connections, which spreads the empty process's own memory over them; and not least squares, which one
 * disturbed level bends.
 *
 * @param groups points of one slope, one for each level; levels that were visited twice may appear twice
 * @returns undefined below 3 distinct levels, or when no group has two
 */
export function slopeOf(groups: Groups, random: Random = seededRandom(SEED)): Estimate | undefined {
  if (distinctLevels(groups.flat()) < 3) return undefined;
  const bytes = pooledTheilSen(groups);
  if (bytes === undefined) return undefined;
  const [low, high] = bootstrapInterval(groups, bytes, random);
  return { bytes, low, high };
}

/** Median of the slopes between all pairs of points with different `open`; undefined when there is no such pair. */
export const theilSen = (points: readonly LevelPoint[]): number | undefined => pooledTheilSen([points]);

/** The same over several groups of one slope, without pairs across them. */
export function pooledTheilSen(groups: Groups): number | undefined {
  const slopes: number[] = [];
  for (const points of groups) {
    for (let i = 0; i < points.length; i++) {
      for (let j = i + 1; j < points.length; j++) {
        const run = points[j]!.open - points[i]!.open;
        // Left to right always: a rise of 0 over a negative run would be -0.
        if (run > 0) slopes.push((points[j]!.bytes - points[i]!.bytes) / run);
        if (run < 0) slopes.push((points[i]!.bytes - points[j]!.bytes) / -run);
      }
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

export const distinctLevels = (points: readonly LevelPoint[]): number => new Set(points.map(({ open }) => open)).size;

/** 2.5th and 97.5th percentile of the slope over levels drawn with replacement, each group from its own; always contains the slope itself. */
function bootstrapInterval(groups: Groups, slope: number, random: Random): [number, number] {
  const slopes: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    const drawn = groups.map((points) => points.map(() => points[Math.floor(random() * points.length)]!));
    const one = pooledTheilSen(drawn);
    if (one !== undefined) slopes.push(one);
  }
  slopes.sort((a, b) => a - b);
  const at = (q: number): number => slopes[Math.round(q * (slopes.length - 1))] ?? slope;
  return [Math.min(slope, at(0.025)), Math.max(slope, at(0.975))];
}
