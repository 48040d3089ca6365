import { leastSquares, momentsOf, residualSquares, studentReach } from './least-squares.ts';

/** What there was with no connection open: before the first climb (cycle 0), then after the drain of each cycle. */
export interface DrainPoint {
  /** Closed since the baseline, all cycles together. */
  readonly closedConnections: number;
  /** Bytes of memory; or a number of whatever else a closed connection may leave, such as descriptors. */
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
 * An allocator goes on growing for some cycles, by less than it kept at first (seen: Go's left 15 KiB for each connection,
 * then 1.4, and levelled out at the seventh cycle). Up to this part of that, over all later cycles, isn't shown to be a leak.
 */
const LEVELLING_SHARE = 0.5;
/** Descriptors are counted; a target may open one of its own between two counts. */
export const FLOOR_FILES = 1;

/**
 * What each closed connection leaves behind. After the first cycle a target has kept what its allocator won't give back:
 * hysteresis, paid once. A leak is paid each time, so what counts is the growth between cycles: the least-squares slope
 * over the drains after cycle 1, 2, 3 …, with its Student's t interval. (Not a bootstrap: of three drains drawn with
 * replacement most samples have no slope at all.)
 *
 * @param drains the baseline first, then one for each cycle
 * @param floor how well a reading repeats at the best, in the unit of what was read
 * @returns after one cycle, all that it left, hysteresis included, without an interval; undefined before that, or when
 * nothing was closed
 */
export function retainedOver(drains: readonly DrainPoint[], floor = FLOOR_BYTES): Retained | undefined {
  const cycles = drains.slice(1);
  const counted = (cycles.length > 1 ? cycles : drains).map(({ closedConnections: open, bytes }) => ({ open, bytes }));
  const { openSquares } = momentsOf(counted);
  if (cycles.length === 0 || openSquares === 0) return undefined;
  const line = leastSquares(counted);
  const bytesPerClosedConnection = line.slope;
  if (cycles.length < LEAST_CYCLES) return { bytesPerClosedConnection, low: null, high: null };
  const degrees = counted.length - 2;
  const scatter = Math.max(floor, Math.sqrt(residualSquares(counted, line.at) / degrees));
  const reach = (studentReach(degrees) * scatter) / Math.sqrt(openSquares);
  return around(bytesPerClosedConnection, reach);
}

/** The same of user memory, of which an allocator may keep some for the next connections: {@link LEVELLING_SHARE}. */
export function retainedInUserSpace(drains: readonly DrainPoint[]): Retained | undefined {
  const retained = retainedOver(drains);
  if (!retained || !isLeak(retained)) return retained;
  const growth = retained.bytesPerClosedConnection;
  const keptAtFirst = retainedOver(drains.slice(0, 2))?.bytesPerClosedConnection ?? 0;
  const levelling = (LEVELLING_SHARE * keptAtFirst) / (drains.length - 2);
  return growth > levelling ? retained : around(growth, levelling);
}

const around = (bytesPerClosedConnection: number, reach: number): Retained => ({
  bytesPerClosedConnection,
  low: bytesPerClosedConnection - reach,
  high: bytesPerClosedConnection + reach,
});

/** A leak is called only when the interval excludes 0, and memory grew. */
export const isLeak = ({ low }: Pick<Retained, 'low'>): boolean => low !== null && low > 0;

/** All that closed connections left, as a leg's summary has it. */
export interface Kept extends Retained {
  /** The part in the kernel: sockets that the target still holds; null where that isn't known. */
  readonly kernel: Retained | null;
  /** Open descriptors of the target; null where nobody counts them. */
  readonly files: { readonly perClosedConnection: number; readonly low: number | null } | null;
  /** User memory that the first cycle alone left, for each connection closed in it. */
  readonly firstCycleBytes: number | null;
}

/**
 * What to make of that. `leak`: shown to grow from cycle to cycle. `perhaps-leak`: descriptors stayed, after too few cycles
 * to tell whether the next connections take them over. `perhaps-kept`: the same of user memory, which allocators often keep;
 * also after more cycles that scatter by as much.
 * `used-again`: the first climb left it, and later ones took it up. `nothing`: none of these.
 */
export type Keeping = 'leak' | 'perhaps-leak' | 'perhaps-kept' | 'used-again' | 'nothing';

/** Fewer descriptors than one for so many connections may be the target's own business. */
const LEAST_FILES_EACH = 0.01;
/** Less than this part of what a connection costs in user space, or than this where that isn't known, isn't worth a word. */
const LEAST_KEPT_SHARE = 0.5;
const LEAST_KEPT_BYTES = 1024;
/** In all: a process moves by as much whoever comes and goes. */
const LEAST_KEPT_IN_ALL = 256 * 2 ** 10;

/**
 * @param userBytes what one more connection costs in user space; null where that isn't known
 * @param closedInFirst connections closed in the first cycle
 */
export function keepingOf(
  { kernel, files, firstCycleBytes, ...user }: Kept,
  userBytes: number | null,
  closedInFirst: number,
): Keeping {
  if (isLeak(user) || (kernel !== null && isLeak(kernel)) || (files !== null && isLeak(files))) return 'leak';
  const hasInterval = user.low !== null;
  if (!hasInterval && files !== null && files.perClosedConnection >= LEAST_FILES_EACH) return 'perhaps-leak';
  const keptBytes = firstCycleBytes ?? 0;
  const least = userBytes === null ? LEAST_KEPT_BYTES : LEAST_KEPT_SHARE * userBytes;
  if (keptBytes < Math.max(least, LEAST_KEPT_IN_ALL / closedInFirst)) return 'nothing';
  // Readings that scatter by as much don't exclude that each cycle leaves all of it again.
  return user.high !== null && user.high < keptBytes ? 'used-again' : 'perhaps-kept';
}
