import { type SchemeName, toScheme } from '../../core/protocols/schemes.ts';
import type { RuntimeResult, RuntimesResult } from '../../core/schemas/runtimes.ts';

/** In what circumstances answers were timed. */
export const KIND_WORDS = {
  times: 'nothing else to do',
  work: 'each answer computed, below what one core can do',
  overload: 'each answer computed, beyond what one core can do',
} as const;

/** Kinds of runs in which answers are timed. */
export const TIMED = Object.keys(KIND_WORDS) as ReadonlyArray<keyof typeof KIND_WORDS>;

/** The cheapest first; what wasn't measured last. */
export const byCost = (results: readonly RuntimeResult[]): RuntimeResult[] =>
  [...results].sort((a, b) => (a.memory?.total?.bytes ?? Infinity) - (b.memory?.total?.bytes ?? Infinity));

export const schemeOf = ({ protocol, transport }: Pick<RuntimeResult, 'protocol' | 'transport'>): SchemeName =>
  toScheme(protocol, transport);

/** All that were measured, in their order. */
export const schemesIn = ({ results }: Pick<RuntimesResult, 'results'>): SchemeName[] => [
  ...new Set(results.map(schemeOf)),
];
