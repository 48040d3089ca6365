import { type Cost, type Difference, differenceOf } from '../../core/difference.ts';
import { LEDGER_COMPONENTS } from '../../core/ledger.ts';
import type { ProtocolName } from '../../core/protocols.ts';
import type { RunFile } from '../../core/record.ts';
import type { Estimate } from '../../core/slope.ts';
import { type LegSummary, STRAIGHT, type Summary } from '../../core/summary.ts';
import { measuredOn } from '../measured-on.ts';
import { plain } from '../phrase.ts';

/** A run as it is compared. */
export interface ComparedRun {
  /** `A`, `B` …: what it is called in tables. */
  readonly letter: string;
  readonly folder: string;
  readonly run: RunFile;
  readonly summary: Summary;
}

export const COSTS = ['total', 'user', 'kernel', 'charged'] as const;
type CostName = (typeof COSTS)[number];
type Component = (typeof LEDGER_COMPONENTS)[number];

/** One thing that a connection costs, by each run. */
export interface ComparedPart {
  readonly part: CostName | Component;
  /** In the order of the runs; null where a run doesn't know. */
  readonly values: ReadonlyArray<{
    readonly bytes: number;
    /** Parts of a cost have none of their own. */
    readonly interval: Estimate | null;
    /** To the first run: null for that itself, and where either has no interval or value. */
    readonly difference: Difference | null;
    /** To the first run, in bytes; null for that itself, and where it isn't known. */
    readonly differenceBytes: number | null;
  } | null>;
}

export interface ComparedProtocol {
  readonly protocol: ProtocolName;
  /** null: that run has no such leg. */
  readonly legs: ReadonlyArray<LegSummary | null>;
  readonly parts: readonly ComparedPart[];
}

/** What several runs say side by side, each against the first. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** What speaks against comparing them. */
  readonly warnings: readonly string[];
  readonly protocols: readonly ComparedProtocol[];
}

export function comparisonOf(runs: ReadonlyArray<Omit<ComparedRun, 'letter'>>): Comparison {
  const lettered = runs.map((one, i): ComparedRun => ({ ...one, letter: letterOf(i) }));
  const names = [...new Set(lettered.flatMap(({ summary }) => summary.legs.map(({ protocol }) => protocol)))];
  return {
    runs: lettered,
    warnings: warningsOf(lettered),
    protocols: names.map((protocol) => {
      const legs = lettered.map(({ summary }) => summary.legs.find((leg) => leg.protocol === protocol) ?? null);
      return { protocol, legs, parts: partsOf(legs) };
    }),
  };
}

/** A to Z, then AA. */
const letterOf = (index: number): string =>
  (index >= 26 ? letterOf(Math.floor(index / 26) - 1) : '') + String.fromCharCode(65 + (index % 26));

function partsOf(legs: ReadonlyArray<LegSummary | null>): ComparedPart[] {
  const costs = COSTS.map((part): ComparedPart => {
    const own = legs.map((leg) => costOf(leg, part));
    return {
      part,
      values: own.map((cost, i) => {
        if (!cost) return null;
        const difference = i > 0 && own[0] ? differenceOf(own[0], cost) : null;
        const { bytes, low, high } = cost;
        return { bytes, interval: { bytes, low, high }, difference, differenceBytes: difference?.bytes ?? null };
      }),
    };
  });
  const components = LEDGER_COMPONENTS.map((part): ComparedPart => {
    const own = legs.map((leg) => leg?.perConnection?.components[part] ?? null);
    return {
      part,
      values: own.map((bytes, i) => {
        if (bytes === null) return null;
        const first = own[0] ?? null;
        return {
          bytes,
          interval: null,
          difference: null,
          differenceBytes: i > 0 && first !== null ? bytes - first : null,
        };
      }),
    };
  });
  return [...costs, ...components].filter(({ values }) => values.some((value) => value !== null));
}

function costOf(leg: LegSummary | null, part: CostName): Cost | null {
  const estimate = leg?.perConnection?.[part];
  return estimate ? { ...estimate, launches: leg?.launches?.count ?? 1 } : null;
}

/** Circumstances that runs may differ in and still be compared: that is what comparing is for. */
const FREE = new Set(['Target', 'Started by', 'Begun', 'Ended', 'Headroom asked for']);

const ENDED = { failed: 'failed', interrupted: 'was interrupted', invalid: 'is not valid', passed: 'passed' } as const;

function warningsOf(runs: readonly ComparedRun[]): string[] {
  const [first, ...others] = runs;
  if (!first) return [];
  const circumstances = ({ run }: ComparedRun): Map<string, string> =>
    new Map(measuredOn(run).map(([label, what]) => [label, plain(what)]));
  const own = circumstances(first);
  const differing = others.flatMap((other) => {
    const theirs = circumstances(other);
    return [...new Set([...own.keys(), ...theirs.keys()])]
      .filter((label) => !FREE.has(label) && own.get(label) !== theirs.get(label))
      .map((label) => {
        const [a, b] = [own, theirs].map((all) => all.get(label) ?? 'not said');
        return `${label}: ${first.letter} has ${a}; ${other.letter} has ${b}`;
      });
  });
  const doubtful = runs.flatMap(({ letter, summary }) => [
    ...(summary.status === 'passed' ? [] : [`${letter} ${ENDED[summary.status]}`]),
    ...summary.legs.flatMap(({ protocol, fit, perConnection }) =>
      !perConnection
        ? [`${letter} doesn't know what one more ${protocol} connection costs: that takes three levels`]
        : fit && fit.rSquared < STRAIGHT
          ? [
              `${letter}, ${protocol}: memory does not closely follow the number of connections (R² ${fit.rSquared.toFixed(4)})`,
            ]
          : [],
    ),
  ]);
  const isSingle = runs.some(({ run }) => run.plan.launches < 2);
  return [
    ...differing,
    ...doubtful,
    ...(isSingle
      ? [
          'not every run had several launches, so how far launches scatter is assumed, not measured: --launches 3 tells more',
        ]
      : []),
  ];
}
