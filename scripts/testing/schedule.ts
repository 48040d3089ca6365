import type { FileCost } from './outcome.ts';

/** A test file that waits to be run. */
export interface Waiting {
  readonly name: string;
  /** From earlier runs; undefined: it has never been run. */
  readonly cost: FileCost | undefined;
}

/** A file that was never run is taken for one that works all the time, and begins early: it may be long. */
const UNKNOWN: FileCost = { wallSeconds: 30, cpuSeconds: 30 };
/** A file that only waits still has a process, and moments in which it works. */
const LEAST_SHARE = 0.15;
/** More processes at once than this bring nothing, and each takes memory. */
const MOST_AT_ONCE_PER_CORE = 3;

/**
 * How many cores a file keeps busy, on average: what works has the machine's cores between it, what waits shares them.
 *
 * @returns between {@link LEAST_SHARE} and `cores`
 */
export function shareOfCores({ cost = UNKNOWN }: Waiting, cores: number): number {
  return Math.min(cores, Math.max(LEAST_SHARE, cost.cpuSeconds / Math.max(0.001, cost.wallSeconds)));
}

/** Longest first: what begins last ends last. */
export const longestFirst = (files: readonly Waiting[]): Waiting[] =>
  files.toSorted(
    (a, b) => (b.cost ?? UNKNOWN).wallSeconds - (a.cost ?? UNKNOWN).wallSeconds || (a.name < b.name ? -1 : 1),
  );

/**
 * The next file to start, or none while the cores are taken. The longest that fits beside those that run; the longest of all
 * when nothing runs.
 *
 * @param waiting longest first
 */
export function nextToStart(
  waiting: readonly Waiting[],
  running: readonly Waiting[],
  cores: number,
): Waiting | undefined {
  if (running.length === 0) return waiting[0];
  if (running.length >= MOST_AT_ONCE_PER_CORE * cores) return undefined;
  const taken = running.reduce((sum, file) => sum + shareOfCores(file, cores), 0);
  return waiting.find((file) => taken + shareOfCores(file, cores) <= cores + LEAST_SHARE);
}
