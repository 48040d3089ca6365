import {
  type Bend,
  basisOf,
  coefficientOf,
  columnOf,
  type PlaceInLevels,
  slopeBelow,
  squaresOf,
} from './shape-model.ts';
import { bestOfEach } from './shape-search.ts';
import type { Groups, LevelPoint } from './slope.ts';

/**
 * How memory grows over the levels of a leg:
 *
 *       ╱           ╱            ╱
 *     ╱           ╱          ___╱ at       a line · a step: the same slope with a jump, such as a table that doubles ·
 *   ╱  line     ┘         ╱  knee          a knee: another slope from there on
 *             ╱ step
 *
 * There may be several steps, and a knee besides. `low` and `high` are the levels next to where it happens; `at`, in
 * connections, is where the two lines of a knee meet. For a step it is the middle between the two levels, since nothing
 * between them was measured.
 */
export interface Shape {
  /** Ascending. */
  readonly steps: readonly PlaceInLevels[];
  readonly knee: PlaceInLevels | null;
}

export const LINE: Shape = { steps: [], knee: null };

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
/** Parameters of a step or a knee: where, and how much. */
const PARAMETERS_EACH = 2;

/**
 * Chooses by BIC, of least-squares fits, between a line, up to three steps, a knee, and both. A shape of more bends wins
 * only if it is clearly better, by {@link marginFor} for each. Each bend has to be missed with every level and with any one
 * of them left out, so that a single disturbed level makes no shape. It also has to make up enough bytes to matter.
 *
 * @param points of one series, in any order
 */
export function shapeOf(points: readonly LevelPoint[]): Shape {
  const sorted = points.toSorted((a, b) => a.open - b.open);
  const best = [[], ...bestOfEach(sorted)];
  const scores = best.map((bends) => scoreOf(sorted, bends));
  const order = [...best.keys()].sort((a, b) => scores[a]! - scores[b]!);
  for (const i of order) if (holds(sorted, best[i]!)) return shapeFrom(best[i]!);
  return LINE;
}

/** A straight piece of a shape. */
export interface Piece {
  /** Connections from which on it holds: where exactly a step comes isn't known, so as early as it can. */
  readonly fromOpen: number;
  readonly isAboveKnee: boolean;
  /** A level that lies on a knee is in both pieces. */
  readonly points: readonly LevelPoint[];
}

/** The pieces of a shape, ascending; a line has one. */
export function piecesOf(points: readonly LevelPoint[], { steps, knee }: Shape): Piece[] {
  const kneeAt = knee?.at ?? Number.POSITIVE_INFINITY;
  const bounds = steps.map(({ low, high }) => ({ last: low, first: high, fromOpen: low + 1 }));
  // Memory may jump where the slope changes: one bound then.
  if (bounds.every(({ first }) => first !== kneeAt) && knee !== null) {
    bounds.push({ last: kneeAt, first: kneeAt, fromOpen: Math.ceil(kneeAt) });
  }
  bounds.sort((a, b) => a.last - b.last);
  return [{ first: Number.NEGATIVE_INFINITY, fromOpen: 0 }, ...bounds].map(({ first, fromOpen }, i) => {
    const last = bounds[i]?.last ?? Number.POSITIVE_INFINITY;
    const own = points.filter(({ open }) => open >= first && open <= last);
    return { fromOpen, isAboveKnee: first >= kneeAt, points: own };
  });
}

/** Numbers that a shape is made of: a height, a slope, and two for each bend. */
export const parametersOf = ({ steps, knee }: Shape): number =>
  2 + PARAMETERS_EACH * (steps.length + (knee === null ? 0 : 1));

/** The points of one slope, below or above the knee, for `slopeOf`: no pair goes across a step. */
export const groupsOf = (pieces: readonly Piece[], isAboveKnee: boolean): Groups =>
  pieces.filter((piece) => piece.isAboveKnee === isAboveKnee).map((piece) => piece.points);

/** The points that say what one more connection costs at the top: above a knee where there is one. */
export const topGroups = (points: readonly LevelPoint[], shape: Shape): Groups =>
  groupsOf(piecesOf(points, shape), shape.knee !== null);

const shapeFrom = (bends: readonly Bend[]): Shape => {
  const placesOf = (kind: Bend['kind']): PlaceInLevels[] =>
    bends
      .filter((bend) => bend.kind === kind)
      .map(({ at, low, high }) => ({ at, low, high }))
      .sort((a, b) => a.at - b.at);
  return { steps: placesOf('step'), knee: placesOf('knee')[0] ?? null };
};

/**
 * By how much BIC must prefer one more bend. A difference of 10 is "very strong" (Kass & Raftery 1995), for many points;
 * with few, a shape with its places chosen freely flatters itself. Simulated over straight lines (see
 * docs/architecture.md), 3 in 10,000 get a bend past this and what {@link holds} asks.
 */
const marginFor = (points: number, bends: number): number => (10 * points) / Math.max(1, points - 1 - 2 * bends);

/** BIC with the margins for its bends: n ln(squares ÷ n) + parameters × ln n. */
function scoreOf(points: readonly LevelPoint[], bends: readonly Bend[]): number {
  const n = points.length;
  const each = PARAMETERS_EACH * Math.log(n) + marginFor(n, bends.length);
  return n * Math.log(varianceOf(points, bends)) + bends.length * each;
}

const varianceOf = (points: readonly LevelPoint[], bends: readonly Bend[]): number =>
  squaresOf(basisOf(points, bends)) / points.length + FLOOR_BYTES ** 2;

/** Whether each bend matters, and is missed also when any one level is left out. */
function holds(points: readonly LevelPoint[], bends: readonly Bend[]): boolean {
  const levels = new Set(points.map(({ open }) => open));
  const subsets = [points, ...[...levels].map((level) => points.filter(({ open }) => open !== level))];
  return bends.every((bend) => {
    const others = bends.filter((other) => other !== bend);
    if (!matters(points, bend, others)) return false;
    return subsets.every((some) => {
      const gain = some.length * Math.log(varianceOf(some, others) / varianceOf(some, bends));
      return gain - PARAMETERS_EACH * Math.log(some.length) >= marginFor(some.length, bends.length);
    });
  });
}

function matters(points: readonly LevelPoint[], bend: Bend, others: readonly Bend[]): boolean {
  const basis = basisOf(points, others);
  const change = coefficientOf(basis, columnOf(points, bend));
  if (bend.kind === 'step') {
    const all = points.map(({ bytes }) => bytes);
    const growth = Math.max(...all) - Math.min(...all);
    return Math.abs(change) >= Math.max(LEAST_EFFECT_BYTES, LEAST_JUMP_SHARE * growth);
  }
  const below = slopeBelow(points, [...others, bend]);
  const steeper = Math.max(Math.abs(below), Math.abs(below + change));
  const atTop = Math.abs(change) * (points.at(-1)!.open - bend.at);
  return Math.abs(change) > LEAST_SLOPE_SHARE * steeper && atTop >= LEAST_EFFECT_BYTES;
}
