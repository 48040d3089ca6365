import { leastSquares, momentsOf, residualSquares, studentReach } from './least-squares.ts';

/** Memory with no connection open: before the first climb (cycle 0), then after the drain of each cycle. */
export interface DrainPoint {
  /** Closed since the baseline, all cycles together. */
  readonly closedConnections: number;
  readonly bytes: number;
}

export interface Retained {
  readonly bytesPerClosedConnection: number;
  /** 95 % interval; null below 3 cycles, when nothing says how far readings scatter. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Cycles from which on growth has an interval. */
const LEAST_CYCLES = 3;
/** A reading doesn't repeat to better than some pages, whatever three of them happen to show. */
const FLOOR_BYTES = 16 * 2 ** 10;

/**
 * What each closed connection leaves behind. After the first cycle a target has kept what its allocator won't give back:
 * hysteresis, paid once. A leak is paid each time, so what counts is the growth between cycles: the least-squares slope
 * over the drains after cycle 1, 2, 3 …, with its Student's t interval. (Not a bootstrap: of three drains drawn with
 * replacement most samples have no slope at all.)
 *
 * @param drains the baseline first, then one for each cycle
 * @returns after one cycle, all that it left, hysteresis included, without an interval; undefined before that, or when
 * nothing was closed
 */
export function retainedOver(drains: readonly DrainPoint[]): Retained | undefined {
  const cycles = drains.slice(1);
  const counted = (cycles.length > 1 ? cycles : drains).map(({ closedConnections: open, bytes }) => ({ open, bytes }));
  const { openSquares } = momentsOf(counted);
  if (cycles.length === 0 || openSquares === 0) return undefined;
  const line = leastSquares(counted);
  const bytesPerClosedConnection = line.slope;
  if (cycles.length < LEAST_CYCLES) return { bytesPerClosedConnection, low: null, high: null };
  const degrees = counted.length - 2;
  const scatter = Math.max(FLOOR_BYTES, Math.sqrt(residualSquares(counted, line.at) / degrees));
  const reach = (studentReach(degrees) * scatter) / Math.sqrt(openSquares);
  return {
    bytesPerClosedConnection,
    low: bytesPerClosedConnection - reach,
    high: bytesPerClosedConnection + reach,
  };
}

/** A leak is called only when the interval excludes 0, and memory grew. */
export const isLeak = ({ low }: Pick<Retained, 'low'>): boolean => low !== null && low > 0;
