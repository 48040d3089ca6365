import type { Cumulated } from '../stats/histogram.ts';

export const GC_KINDS = ['minor', 'major'] as const;
export type GcKind = (typeof GC_KINDS)[number];

/** What one of our own processes spends, beside its memory: all since it started, so that any number may look. */
export interface ProcessCosts {
  readonly cpuSeconds: number;
  readonly openFds: number | null;
  readonly maxFds: number | null;
  readonly gc: Readonly<Record<GcKind, { readonly runs: number; readonly seconds: number }>>;
  readonly eventLoopActiveSeconds: number;
  /** How late the event loop was, by the bounds of the metric. */
  readonly eventLoopDelay: Cumulated;
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
    eventLoopDelay: sumCumulated(parts.map(({ eventLoopDelay }) => eventLoopDelay)),
  };
}

function sumCumulated(parts: readonly Cumulated[]): Cumulated {
  const [first] = parts;
  return {
    below: (first?.below ?? []).map((_, i) => parts.reduce((sum, { below }) => sum + (below[i] ?? 0), 0)),
    count: parts.reduce((sum, { count }) => sum + count, 0),
    sumMs: parts.reduce((sum, { sumMs }) => sum + sumMs, 0),
  };
}
