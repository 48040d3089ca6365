import { PROTOCOLS } from '../protocols/names.ts';
import { SCHEMES } from '../protocols/schemes.ts';

interface Row {
  readonly name: string;
  /**
   * Label name → every value it can take. `'text'` stands for words of a person's or a version: for metrics that end in
   * `_info` alone, of which a process has one series. `'leg'` stands for the names of a run's legs: as many as it has. `'worker'` stands for
   * the workers of a fleet, and their hosts: as many as hold its connections.
   */
  readonly labels: Readonly<Record<string, readonly string[] | 'text' | 'leg' | 'worker'>>;
  readonly help: string;
}

/** One row of the catalogue. */
export type MetricSpec =
  | (Row & { readonly kind: 'counter' | 'gauge' })
  /** `buckets`: upper bounds in the unit of the name, ascending; the last one, of everything, is added. */
  | (Row & { readonly kind: 'histogram'; readonly buckets: readonly number[] });

export const NO_LABELS = {} as const;
/** For the reference server, which counts a protocol over TLS by itself: `wss`. */
export const BY_SCHEME = { protocol: SCHEMES } as const;
/** Two legs of a run may have the same protocol, never the same name. */
export const BY_LEG = { protocol: PROTOCOLS, leg: 'leg' } as const;

const doubled = (first: number, count: number, factor: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(first * factor ** i * 1e6) / 1e6);

/**
 * 0.5 ms to 66 s. Our own histograms have edges at exactly these values (125 times a power of two, in µs), so nothing is
 * guessed when their counts are put into these buckets.
 */
export const DURATION_BUCKETS_SECONDS: readonly number[] = doubled(0.0005, 18, 2);

/** 1 ms to 524 s, for what a target does in its own time. */
export const WAIT_BUCKETS_SECONDS: readonly number[] = doubled(0.001, 20, 2);

/** 1 ms to 66 s, coarser, most of all from a second on: where what matters is whether there was any lateness. */
export const LATENESS_BUCKETS_SECONDS: readonly number[] = [...doubled(0.001, 6, 4), 8.192, 65.536];
