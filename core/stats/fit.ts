import { momentsOf, residualSquares } from './least-squares.ts';
import { type Line, lineAt } from './predict.ts';
import type { Random } from './random.ts';
import { groupsOf, parametersOf, piecesOf, type Shape, shapeOf, topGroups } from './shape.ts';
import type { PlaceInLevels } from './shape-model.ts';
import {
  distinctLevels,
  type Estimate,
  LEAST_LEVELS,
  type LevelPoint,
  median,
  pooledTheilSen,
  slopeOf,
} from './slope.ts';

/** From `at` on one more connection costs `above` instead of `below`. */
export interface Knee extends PlaceInLevels {
  readonly below: Estimate;
  readonly above: Estimate;
}

/** Between the levels `low` and `high` memory jumped by `bytes` beyond what the connections cost. */
export interface Step extends PlaceInLevels {
  readonly bytes: number;
}

/** How memory grows over levels, with how well that describes them. */
export interface Fit {
  readonly shape: Shape;
  /** What one more connection costs at the top: above a knee where there is one, without the jump of a step. */
  readonly slope: Estimate;
  readonly knee: Knee | null;
  /** Ascending. */
  readonly steps: readonly Step[];
  /** One for each piece of the shape, ascending; the last one holds at the top and beyond. */
  readonly lines: readonly Line[];
  /** Share of the variance between levels that the shape explains; 1 when all lie on it. */
  readonly rSquared: number;
  /**
   * The top level's signed error against the same shape through the others, in percent of what was measured. It is null
   * below 4 levels, and where the others don't give the top piece a line.
   */
  readonly holdoutErrorPercent: number | null;
}

/**
 * Fits one series of level medians: its shape by BIC, then robust lines through the pieces of it.
 *
 * @param points one per level; levels that were visited twice may appear twice
 * @returns undefined below 3 distinct levels
 */
export function fitLevels(points: readonly LevelPoint[], random?: Random): Fit | undefined {
  const shape = shapeOf(points);
  const slope = slopeOf(topGroups(points, shape), random);
  const lines = linesOf(points, shape);
  if (slope === undefined || lines === undefined) return undefined;
  return {
    shape,
    slope,
    knee: kneeOf(points, shape, slope, random),
    steps: shape.steps.map((place) => stepOf(place, lines)),
    lines,
    rSquared: rSquaredOf(points, lines),
    holdoutErrorPercent: holdoutError(points, shape),
  };
}

function kneeOf(points: readonly LevelPoint[], shape: Shape, above: Estimate, random?: Random): Knee | null {
  if (shape.knee === null) return null;
  const { at, low, high } = shape.knee;
  const below = slopeOf(groupsOf(piecesOf(points, shape), false), random);
  return below === undefined ? null : { at: Math.round(at), low, high, below, above };
}

/** Measured in the middle: where memory jumps while the slope changes as well, the two lines differ everywhere. */
function stepOf({ at, low, high }: PlaceInLevels, lines: readonly Line[]): Step {
  const above = lineAt(lines, high);
  const below = lines[lines.indexOf(above) - 1] ?? above;
  const bytes = bytesAt(above, at) - bytesAt(below, at);
  return { at: Math.round(at), low, high, bytes: Math.round(bytes) };
}

const bytesAt = ({ interceptBytes, bytesPerConnection }: Line, open: number): number =>
  interceptBytes + bytesPerConnection * open;

/** Undefined when a piece has no slope. */
function linesOf(points: readonly LevelPoint[], shape: Shape): readonly Line[] | undefined {
  const pieces = piecesOf(points, shape);
  const drawn = pieces.map(({ fromOpen, isAboveKnee, points: own }) => {
    // Pieces with a step between them share one slope.
    const groups = groupsOf(pieces, isAboveKnee);
    const bytesPerConnection = pooledTheilSen(groups);
    if (bytesPerConnection === undefined || own.length === 0) return undefined;
    const { count, meanOpen } = momentsOf(own);
    return {
      fromOpen,
      interceptBytes: median(own.map(({ open, bytes }) => bytes - bytesPerConnection * open)),
      bytesPerConnection,
      points: count,
      meanOpen,
      openSquares: groups.reduce((sum, group) => sum + (group.length === 0 ? 0 : momentsOf(group).openSquares), 0),
    };
  });
  if (!drawn.every((line) => line !== undefined)) return undefined;
  const squares = residualSquares(points, (open) => bytesAt(lineAt(drawn as Line[], open), open));
  const degrees = Math.max(1, points.length - parametersOf(shape));
  return drawn.map((line) => ({ ...line, residualBytes: Math.sqrt(squares / degrees), degrees }));
}

function rSquaredOf(points: readonly LevelPoint[], lines: readonly Line[]): number {
  const mean = points.reduce((sum, point) => sum + point.bytes, 0) / points.length;
  const spread = residualSquares(points, () => mean);
  return spread === 0 ? 1 : 1 - residualSquares(points, (open) => bytesAt(lineAt(lines, open), open)) / spread;
}

function holdoutError(points: readonly LevelPoint[], shape: Shape): number | null {
  const top = Math.max(...points.map((point) => point.open));
  const rest = points.filter((point) => point.open < top);
  if (distinctLevels(rest) < LEAST_LEVELS) return null;
  const line = linesOf(rest, shape)?.at(-1);
  const measured = median(points.filter((point) => point.open === top).map((point) => point.bytes));
  if (line === undefined || measured === 0) return null;
  return ((bytesAt(line, top) - measured) / measured) * 100;
}
