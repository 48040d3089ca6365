import { leastSquares, momentsOf, residualSquares } from './least-squares.ts';
import { distinctLevels, type Groups, type LevelPoint } from './slope.ts';

/**
 * How memory grows over the levels of a leg:
 *
 *       ╱           ╱            ╱
 *     ╱           ╱          ___╱ at       a line · a step: the same slope with a jump, such as a table that doubles ·
 *   ╱  line     ┘         ╱  knee          a knee: another slope from there on
 *             ╱ step
 *
 * `low` and `high` are the levels next to where it happens; `at`, in connections, is where the two lines of a knee meet,
 * and the middle between the two levels for a step, since nothing between them was measured.
 */
export type Shape =
  | { readonly kind: 'line' }
  | { readonly kind: 'knee' | 'step'; readonly at: number; readonly low: number; readonly high: number };

export const LINE: Shape = { kind: 'line' };

/** With fewer levels nothing but a line can be told. */
const LEAST_LEVELS = 6;
const LEAST_ON_EACH_SIDE = { step: 2, knee: 3 } as const;
/**
 * Readings don't repeat to better than this, whatever a small scatter claims (seen: 10 to 200 KiB). It also keeps exact
 * data, of no scatter at all, from calling a rounding error a shape.
 */
const FLOOR_BYTES = 32 * 2 ** 10;
/** What a step or a knee must at least add at some level to be worth telling. */
const LEAST_EFFECT_BYTES = 2 ** 20;
/** A jump below this share of all growth, or a slope that changes by less than this share, bends no forecast. */
const LEAST_JUMP_SHARE = 0.05;
const LEAST_SLOPE_SHARE = 0.1;
/** Parameters of a step or a knee beyond those of a line: where, and how much. */
const MORE_PARAMETERS = 2;

/**
 * Chooses between a line, a step and a knee by BIC, of least-squares fits. The line wins unless the better of the others
 * is clearly better: by {@link marginFor}, with every level and with any one of them left out (so that a single disturbed
 * level makes no shape), and by enough bytes to matter.
 *
 * @param points of one series, in any order
 */
export function shapeOf(points: readonly LevelPoint[]): Shape {
  if (distinctLevels(points) < LEAST_LEVELS) return LINE;
  const sorted = points.toSorted((a, b) => a.open - b.open);
  const candidates = [...stepsOf(sorted), ...kneesOf(sorted)];
  const squares = candidates.map((shape) => squaresOf(sorted, shape));
  const best = candidates[squares.indexOf(Math.min(...squares))];
  if (best === undefined || !matters(sorted, best)) return LINE;
  const levels = [...new Set(sorted.map(({ open }) => open))];
  const subsets = [sorted, ...levels.map((level) => sorted.filter(({ open }) => open !== level))];
  return subsets.every((some) => evidence(some, best) >= marginFor(some.length)) ? best : LINE;
}

/** The points on each side of a step or a knee; a level that lies on a knee is on both. A line has one side. */
export function sidesOf(points: readonly LevelPoint[], shape: Shape): Groups {
  if (shape.kind === 'line') return [points];
  const [last, first] = shape.kind === 'knee' ? [shape.at, shape.at] : [shape.low, shape.high];
  return [points.filter(({ open }) => open <= last), points.filter(({ open }) => open >= first)];
}

/**
 * The points that say what one more connection costs at the top, for `slopeOf`: all of a line; those on either side of
 * a step, with no pair across it; those above a knee.
 */
export function topGroups(points: readonly LevelPoint[], shape: Shape): Groups {
  const sides = sidesOf(points, shape);
  return shape.kind === 'knee' ? sides.slice(-1) : sides;
}

/**
 * By how much BIC must prefer another shape to a line. A difference of 10 is "very strong" (Kass & Raftery 1995), for
 * many points; with few, a shape with its place chosen freely flatters itself. Simulated over straight lines with 6 to
 * 20 levels and Gaussian, uniform and heavy-tailed noise, about 1 in 100 passes this margin alone.
 */
const marginFor = (points: number): number => (10 * points) / (points - 3);

/** BIC of the line minus BIC of the shape: n ln(squares ÷ n) + parameters × ln n, each. */
function evidence(points: readonly LevelPoint[], shape: Shape): number {
  const n = points.length;
  const variance = (of: Shape): number => squaresOf(points, of) / n + FLOOR_BYTES ** 2;
  return n * Math.log(variance(LINE) / variance(shape)) - MORE_PARAMETERS * Math.log(n);
}

function squaresOf(points: readonly LevelPoint[], shape: Shape): number {
  if (shape.kind === 'step') {
    const { slope, below, above } = stepThrough(points, shape);
    const from = (mean: LevelPoint) => (open: number) => mean.bytes + slope * (open - mean.open);
    const [left = [], right = []] = sidesOf(points, shape);
    return residualSquares(left, from(below)) + residualSquares(right, from(above));
  }
  return residualSquares(points, shape.kind === 'knee' ? kneeThrough(points, shape.at).at : leastSquares(points).at);
}

function matters(points: readonly LevelPoint[], shape: Exclude<Shape, { kind: 'line' }>): boolean {
  if (shape.kind === 'step') {
    const { slope, below, above } = stepThrough(points, shape);
    const jump = Math.abs(above.bytes - below.bytes - slope * (above.open - below.open));
    const all = points.map(({ bytes }) => bytes);
    return jump >= Math.max(LEAST_EFFECT_BYTES, LEAST_JUMP_SHARE * (Math.max(...all) - Math.min(...all)));
  }
  const { slope, change } = kneeThrough(points, shape.at);
  const atTop = Math.abs(change) * (points.at(-1)!.open - shape.at);
  const steeper = Math.max(Math.abs(slope), Math.abs(slope + change));
  return Math.abs(change) > LEAST_SLOPE_SHARE * steeper && atTop >= LEAST_EFFECT_BYTES;
}

/** Two least-squares lines of one slope: `below` and `above` are the means they go through. */
function stepThrough(
  points: readonly LevelPoint[],
  step: Shape,
): { slope: number; below: LevelPoint; above: LevelPoint } {
  const [below, above] = sidesOf(points, step).map(momentsOf) as [
    ReturnType<typeof momentsOf>,
    ReturnType<typeof momentsOf>,
  ];
  return {
    slope: (below.products + above.products) / (below.openSquares + above.openSquares),
    below: { open: below.meanOpen, bytes: below.meanBytes },
    above: { open: above.meanOpen, bytes: above.meanBytes },
  };
}

/** The least-squares hinge with its knee given: bytes = a + slope × open + change × max(0, open − knee). */
function kneeThrough(
  points: readonly LevelPoint[],
  knee: number,
): { slope: number; change: number; at: (open: number) => number } {
  const beyond = (open: number): number => Math.max(0, open - knee);
  const { meanOpen, meanBytes, openSquares, products } = momentsOf(points);
  const meanBeyond = points.reduce((sum, { open }) => sum + beyond(open), 0) / points.length;
  let cross = 0;
  let beyondSquares = 0;
  let beyondProducts = 0;
  for (const { open, bytes } of points) {
    const off = beyond(open) - meanBeyond;
    cross += (open - meanOpen) * off;
    beyondSquares += off * off;
    beyondProducts += off * (bytes - meanBytes);
  }
  const determinant = openSquares * beyondSquares - cross * cross;
  const slope = (beyondSquares * products - cross * beyondProducts) / determinant;
  const change = (openSquares * beyondProducts - cross * products) / determinant;
  return {
    slope,
    change,
    at: (open) => meanBytes + slope * (open - meanOpen) + change * (beyond(open) - meanBeyond),
  };
}

type Place = Exclude<Shape, { kind: 'line' }>;

/** A step between each two neighbouring levels. */
function stepsOf(sorted: readonly LevelPoint[]): Place[] {
  const levels = [...new Set(sorted.map(({ open }) => open))];
  const least = LEAST_ON_EACH_SIDE.step;
  return levels.slice(least, levels.length - least + 1).map((high, i): Place => {
    const low = levels[i + least - 1]!;
    return { kind: 'step', at: (low + high) / 2, low, high };
  });
}

/**
 * The best knee is where the least-squares lines of both sides meet between them, or on a level (Hudson 1966): so those
 * are all there are to try.
 */
function kneesOf(sorted: readonly LevelPoint[]): Place[] {
  const levels = [...new Set(sorted.map(({ open }) => open))];
  const least = LEAST_ON_EACH_SIDE.knee;
  const places: Place[] = [];
  for (let i = least - 1; i <= levels.length - least; i++) {
    const [low, high] = [levels[i]!, levels[i + 1]!];
    places.push({ kind: 'knee', at: low, low: levels[i - 1]!, high });
    if (i === levels.length - least) break;
    const left = leastSquares(sorted.filter(({ open }) => open <= low));
    const right = leastSquares(sorted.filter(({ open }) => open >= high));
    const at = (left.at(0) - right.at(0)) / (right.slope - left.slope);
    if (at > low && at < high) places.push({ kind: 'knee', at, low, high });
  }
  return places;
}
