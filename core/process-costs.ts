import type { SparseHistogram } from './histogram.ts';

export const GC_KINDS = ['minor', 'major'] as const;
export type GcKind = (typeof GC_KINDS)[number];

/** What one of our own processes spends, beside its memory: all since it started, so that any number may look. */
export interface ProcessCosts {
  readonly cpuSeconds: number;
  readonly openFds: number | null;
  readonly maxFds: number | null;
  readonly gc: Readonly<Record<GcKind, { readonly runs: number; readonly seconds: number }>>;
  readonly eventLoopActiveSeconds: number;
  /** How late a timer was that should have run 50 times a second. */
  readonly eventLoopDelay: SparseHistogram;
}

/** Over several processes. What is unknown of one is unknown of the whole. */
export function sumCosts(parts: readonly ProcessCosts[]): ProcessCosts {
  const sum = (of: (part: ProcessCosts) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const sumOrNull = (key: 'openFds' | 'maxFds'): number | null =>
    parts.some((part) => part[key] === null) ? null : sum((part) => part[key] ?? 0);
  const gcOf = (kind: GcKind): ProcessCosts['gc'][GcKind] => ({
    runs: sum(({ gc }) => gc[kind].runs),
    seconds: sum(({ gc }) => gc[kind].seconds),
  });
  return {
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    openFds: sumOrNull('openFds'),
    maxFds: sumOrNull('maxFds'),
    gc: { minor: gcOf('minor'), major: gcOf('major') },
    eventLoopActiveSeconds: sum(({ eventLoopActiveSeconds }) => eventLoopActiveSeconds),
    eventLoopDelay: sumSparse(parts.map(({ eventLoopDelay }) => eventLoopDelay)),
  };
}

function sumSparse(parts: readonly SparseHistogram[]): SparseHistogram {
  const counts = new Map<number, number>();
  for (const [lowest, count] of parts.flat()) counts.set(lowest, (counts.get(lowest) ?? 0) + count);
  return [...counts].toSorted(([a], [b]) => a - b);
}
