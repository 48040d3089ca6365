import { momentsOf } from './least-squares.ts';
import { type Line, lineAt } from './predict.ts';
import type { Random } from './random.ts';
import { type Shape, shapeOf, sidesOf, topGroups } from './shape.ts';
import { distinctLevels, type Estimate, type LevelPoint, median, pooledTheilSen, slopeOf } from './slope.ts';

/** Where something happens, in connections, and the levels next to it. */
interface Place {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

/** From `at` on one more connection costs `above` instead of `below`. */
export interface Knee extends Place {
  readonly below: Estimate;
  readonly above: Estimate;
}

/** Between the levels `low` and `high` memory jumped by `bytes` beyond what the connections cost. */
export interface Step extends Place {
  readonly bytes: number;
}

/** How memory grows over levels, with how well that describes them. */
export interface Fit {
  readonly shape: Shape;
  /** What one more connection costs at the top: above a knee where there is one, without the jump of a step. */
  readonly slope: Estimate;
  readonly knee: Knee | null;
  readonly step: Step | null;
  /** One for each side of the shape, ascending; the last one holds at the top and beyond. */
  readonly lines: readonly Line[];
  /** Share of the variance between levels that the shape explains; 1 when all lie on it. */
  readonly rSquared: number;
  /**
   * The top level's signed error against the same shape through the others, in percent of what was measured; null
   * below 4 levels, and where the others don't give the top side a line.
   */
  readonly holdoutErrorPercent: number | null;
}

/**
 * Fits one series of level medians: its shape by BIC, then robust lines through the sides of it.
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
    knee: shape.kind === 'knee' ? kneeOf(points, shape, slope, random) : null,
    step: shape.kind === 'step' ? stepOf(shape, lines) : null,
    lines,
    rSquared: rSquaredOf(points, lines),
    holdoutErrorPercent: holdoutError(points, shape),
  };
}

function kneeOf(
  points: readonly LevelPoint[],
  { at, low, high }: Place,
  above: Estimate,
  random?: Random,
): Knee | null {
  const [beneath = []] = sidesOf(points, { kind: 'knee', at, low, high });
  const below = slopeOf([beneath], random);
  return below === undefined ? null : { at: Math.round(at), low, high, below, above };
}

function stepOf({ at, low, high }: Place, [below, above]: readonly Line[]): Step | null {
  if (below === undefined || above === undefined) return null;
  return { at: Math.round(at), low, high, bytes: Math.round(above.interceptBytes - below.interceptBytes) };
}

/** Undefined when a side has no slope. */
function linesOf(points: readonly LevelPoint[], shape: Shape): readonly Line[] | undefined {
  const sides = sidesOf(points, shape);
  // The sides of a step share one slope.
  const slopeFrom = (side: readonly LevelPoint[]) => (shape.kind === 'knee' ? [side] : sides);
  const drawn = sides.map((side, i) => {
    const groups = slopeFrom(side);
    const bytesPerConnection = pooledTheilSen(groups);
    if (bytesPerConnection === undefined || side.length === 0) return undefined;
    const { count, meanOpen } = momentsOf(side);
    return {
      fromOpen: i === 0 ? 0 : beginOf(shape),
      interceptBytes: median(side.map(({ open, bytes }) => bytes - bytesPerConnection * open)),
      bytesPerConnection,
      points: count,
      meanOpen,
      openSquares: groups.reduce((sum, group) => sum + (group.length === 0 ? 0 : momentsOf(group).openSquares), 0),
    };
  });
  if (!drawn.every((line) => line !== undefined)) return undefined;
  const squares = points.reduce((sum, { open, bytes }) => {
    const { interceptBytes, bytesPerConnection } = lineAt(drawn as Line[], open);
    return sum + (bytes - interceptBytes - bytesPerConnection * open) ** 2;
  }, 0);
  const degrees = Math.max(1, points.length - (shape.kind === 'line' ? 2 : 4));
  return drawn.map((line) => ({ ...line, residualBytes: Math.sqrt(squares / degrees), degrees }));
}

/** The first number of connections on the upper side. Where exactly a step comes isn't known: as early as it can. */
const beginOf = (shape: Shape): number =>
  shape.kind === 'line' ? 0 : shape.kind === 'knee' ? Math.ceil(shape.at) : shape.low + 1;

function rSquaredOf(points: readonly LevelPoint[], lines: readonly Line[]): number {
  const mean = points.reduce((sum, point) => sum + point.bytes, 0) / points.length;
  let residual = 0;
  let spread = 0;
  for (const { open, bytes } of points) {
    const { interceptBytes, bytesPerConnection } = lineAt(lines, open);
    residual += (bytes - interceptBytes - bytesPerConnection * open) ** 2;
    spread += (bytes - mean) ** 2;
  }
  if (spread === 0) return 1;
  return 1 - residual / spread;
}

function holdoutError(points: readonly LevelPoint[], shape: Shape): number | null {
  const top = Math.max(...points.map((point) => point.open));
  const rest = points.filter((point) => point.open < top);
  if (distinctLevels(rest) < 3) return null;
  const line = linesOf(rest, shape)?.at(-1);
  const measured = median(points.filter((point) => point.open === top).map((point) => point.bytes));
  if (line === undefined || measured === 0) return null;
  return ((line.interceptBytes + line.bytesPerConnection * top - measured) / measured) * 100;
}
