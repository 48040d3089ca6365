import type { LevelPoint } from './slope.ts';

/** Where something happens, in connections, between the levels `low` and `high`. */
export interface PlaceInLevels {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

/** Where levels leave one line: a jump of memory, or another slope from there on. */
export interface Bend extends PlaceInLevels {
  readonly kind: 'step' | 'knee';
}

/** One value for each point, in the order of the points. */
type Column = Float64Array;

/**
 * Least squares of bytes over some columns, one at a time. Each new column is made orthogonal to those before it (modified
 * Gram–Schmidt), so that what is left of the bytes is known after each. Immutable.
 */
export interface Basis {
  /** Orthogonal to each other. */
  readonly columns: readonly Column[];
  /** What of the bytes the columns don't explain. */
  readonly rest: Column;
}

/** Columns shorter than this share of what they were lie in those before them. */
const LEAST_LENGTH_SHARE = 1e-9;

/** The basis of a straight line with these bends. */
export const basisOf = (points: readonly LevelPoint[], bends: readonly Bend[]): Basis =>
  bends.reduce((basis, bend) => grown(basis, columnOf(points, bend)), grown(constantBasis(points), openColumn(points)));

/** Bytes for one more connection below any knee, with the bends fitted as well. */
export function slopeBelow(points: readonly LevelPoint[], bends: readonly Bend[]): number {
  const without = bends.reduce((basis, bend) => grown(basis, columnOf(points, bend)), constantBasis(points));
  return coefficientOf(without, openColumn(points));
}

function constantBasis(points: readonly LevelPoint[]): Basis {
  const bytes = columnFrom(points, (point) => point.bytes);
  return grown({ columns: [], rest: bytes }, new Float64Array(points.length).fill(1));
}

const openColumn = (points: readonly LevelPoint[]): Column => columnFrom(points, ({ open }) => open);

/** With one column more; the same where it lies in those before it. */
export function grown(basis: Basis, column: Column): Basis {
  const upright = orthogonal(basis, column);
  if (upright === undefined) return basis;
  const rest = basis.rest.slice();
  subtract(rest, upright, dot(upright, rest) / dot(upright, upright));
  return { columns: [...basis.columns, upright], rest };
}

/** By how much bytes rise with one of a column, all columns of the basis fitted with it; 0 where it lies in those. */
export function coefficientOf(basis: Basis, column: Column): number {
  const upright = orthogonal(basis, column);
  return upright === undefined ? 0 : dot(upright, basis.rest) / dot(upright, upright);
}

/** Sum of squares of what is left, in bytes². */
export const squaresOf = ({ rest }: Basis): number => dot(rest, rest);

/** What a bend adds to each point, for a jump of one byte or a slope of one byte more. */
export const columnOf = (points: readonly LevelPoint[], { kind, at, high }: Bend): Column =>
  kind === 'step' ? jumpAt(points, high) : hingeAt(points, at);

export const jumpAt = (points: readonly LevelPoint[], from: number): Column =>
  columnFrom(points, ({ open }) => (open >= from ? 1 : 0));
export const hingeAt = (points: readonly LevelPoint[], at: number): Column =>
  columnFrom(points, ({ open }) => Math.max(0, open - at));

/** In place of Float64Array.from, which takes ten times as long: this is done for every place there is to try. */
function columnFrom(points: readonly LevelPoint[], of: (point: LevelPoint) => number): Column {
  const column = new Float64Array(points.length);
  for (let i = 0; i < column.length; i++) column[i] = of(points[i]!);
  return column;
}

function orthogonal({ columns }: Basis, column: Column): Column | undefined {
  const upright = column.slice();
  for (const other of columns) {
    subtract(upright, other, dot(other, upright) / dot(other, other));
  }
  return dot(upright, upright) <= LEAST_LENGTH_SHARE ** 2 * dot(column, column) ? undefined : upright;
}

function subtract(from: Column, column: Column, times: number): void {
  for (let i = 0; i < from.length; i++) from[i]! -= times * column[i]!;
}

function dot(a: Column, b: Column): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
