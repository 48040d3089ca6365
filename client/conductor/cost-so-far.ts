import type { MemoryPoint } from '../../core/schemas/record.ts';
import { reachPercent } from '../../core/stats/precision.ts';
import { type Estimate, LEAST_LEVELS } from '../../core/stats/slope.ts';

/**
 * The interval takes time in proportion to the square of the number of levels (some 10 ms for ten, 100 ms for fifty), and
 * it is the conductor's time. So it is taken from fifty of them at most: evenly spread ones of the present launch, and
 * those of earlier launches for which there is room. Above ten levels it is taken only when there are a tenth more.
 */
export const LEVELS_MOST = 50;
const MORE = 1.1;
const EACH_UP_TO = 10;

/** Fewer levels may lie on a line by chance. */
const LEAST_LEVELS_TO_SKIP = 5;

export const isLevel = ({ phase }: MemoryPoint): boolean => phase === 'hold';

/** Whether a cost is worth its time, with so many levels since it was taken from `known`. */
export const isDue = (levels: number, known: number): boolean =>
  levels !== known && (levels <= EACH_UP_TO || levels >= known * MORE);

/** All of them, or of a launch with very many levels an even choice, the first and the last among them. */
export function thinLevels(points: readonly MemoryPoint[]): readonly MemoryPoint[] {
  const levels = points.filter(isLevel);
  if (levels.length <= LEVELS_MOST) return points;
  const nth = (i: number): MemoryPoint | undefined => levels[Math.round((i * (levels.length - 1)) / (LEVELS_MOST - 1))];
  const chosen = new Set(Array.from({ length: LEVELS_MOST }, (_, i) => nth(i)));
  return points.filter((point) => !isLevel(point) || chosen.has(point));
}

/**
 * What one more connection costs by the levels so far: worked out once where that is due, however often it is asked for.
 *
 * @param points a baseline and levels; they only grow
 * @returns null below as many levels as a line takes, and where `estimate` finds that they don't show a cost
 */
export function followCost(
  points: () => readonly MemoryPoint[],
  estimate: (points: readonly MemoryPoint[]) => Estimate | null,
): () => Estimate | null {
  let known = 0;
  let cost: Estimate | null = null;
  return () => {
    const now = points();
    const levels = now.filter(isLevel).length;
    if (levels < LEAST_LEVELS || !isDue(levels, known)) return cost;
    known = levels;
    cost = estimate(thinLevels(now));
    return cost;
  };
}

/** Whether the levels of a leg so far tell its cost to so much of it, so that the next ones need not be held. */
export const isPreciseBy = (points: readonly MemoryPoint[], cost: Estimate | null, precisionPercent: number): boolean =>
  points.filter(isLevel).length >= LEAST_LEVELS_TO_SKIP && reachPercent(cost) <= precisionPercent;
