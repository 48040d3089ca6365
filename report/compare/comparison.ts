import { LEDGER_COMPONENTS } from '../../core/ledger/ledger.ts';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { FamilyName, TransportName } from '../../core/protocols/schemes.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type Cost, type Difference, differenceOf } from '../../core/stats/difference.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { agreementDoubts, type Doubtable, differingIn, doubtsAbout, scatterDoubts } from './doubts.ts';

/** A run as its folder says. */
export interface ReadRun {
  readonly folder: string;
  readonly run: RunFile;
  readonly summary: Summary;
  /** What of its record could not be read. */
  readonly problems: readonly string[];
}

/** A run as it is compared. */
export interface ComparedRun extends ReadRun {
  /** `A`, `B` …: what it is called in tables. */
  readonly letter: string;
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
    /** Null for a part of a run that was summed up by an earlier version, and for what nothing explains. */
    readonly interval: Estimate | null;
    /** To the first run: null for that itself, and where either has no interval or value. */
    readonly difference: Difference | null;
    /** To the first run, in bytes; null for that itself, and where it isn't known. */
    readonly differenceBytes: number | null;
  } | null>;
}

export interface ComparedLeg {
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly transport: TransportName;
  readonly family: FamilyName;
  /** null: that run has no such leg. */
  readonly legs: ReadonlyArray<LegSummary | null>;
  readonly parts: readonly ComparedPart[];
}

/** What several runs say side by side, each against the first. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** What speaks against comparing them. */
  readonly warnings: readonly string[];
  /** What a cost may grow by, which charts show beside what it did. */
  readonly maxGrowthPercent: number;
  readonly legs: readonly ComparedLeg[];
}

/** What growth is allowed unless said: the same as of a gate (--max-growth). */
const USUAL_GROWTH_PERCENT = 5;

/** @param leftOut what has to be told before anything else: runs that could not be read */
export function comparisonOf(
  runs: readonly ReadRun[],
  leftOut: readonly string[] = [],
  maxGrowthPercent = USUAL_GROWTH_PERCENT,
): Comparison {
  const lettered = runs.map((one, i): ComparedRun => ({ ...one, letter: letterOf(i) }));
  const names = [...new Set(lettered.flatMap(({ summary }) => summary.legs.map(({ name }) => name)))];
  return {
    runs: lettered,
    maxGrowthPercent,
    warnings: [...leftOut, ...warningsOf(lettered)],
    legs: names.map((name) => {
      const legs = lettered.map(({ summary }) => summary.legs.find((leg) => leg.name === name) ?? null);
      const { protocol, transport, family } = legs.find((leg) => leg !== null)!;
      return { name, protocol, transport, family, legs, parts: comparedParts(legs) };
    }),
  };
}

/** A to Z, then AA. */
const letterOf = (index: number): string =>
  (index >= 26 ? letterOf(Math.floor(index / 26) - 1) : '') + String.fromCharCode(65 + (index % 26));

/** How large a leg began, and how far it came. */
export const sizeOf = ({ baselineBytes, levels }: LegSummary) => ({
  baselineBytes,
  topOpen: levels.at(-1)?.open ?? 0,
});

/** Everything that a connection costs, by each leg, and how it differs from the first. null: a run has no such leg. */
export function comparedParts(legs: ReadonlyArray<LegSummary | null>): ComparedPart[] {
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
    const own = legs.map((leg) => rowOf(leg, part));
    return {
      part,
      values: own.map((bytes, i) => {
        if (bytes === null) return null;
        const first = own[0] ?? null;
        const [before, cost] = [componentCost(legs[0] ?? null, part), componentCost(legs[i] ?? null, part)];
        return {
          bytes,
          interval: cost && { bytes, low: cost.low, high: cost.high },
          difference: i > 0 && before && cost ? partDifference(before, cost) : null,
          differenceBytes: i > 0 && first !== null ? bytes - first : null,
        };
      }),
    };
  });
  return [...costs, ...components].filter(({ values }) => values.some((value) => value !== null));
}

/** As it is compared; null where the leg doesn't know it. */
export function costOf(leg: LegSummary | null, part: CostName): Cost | null {
  const estimate = leg?.perConnection?.[part];
  if (!leg || !estimate) return null;
  // The kernel takes what it takes to the byte.
  const coarseBytes = part === 'kernel' ? 0 : (leg.perConnection?.coarseBytes ?? 0);
  return { ...estimate, launches: leg.launches?.count ?? 1, coarseBytes };
}

/** In bytes; null where the leg doesn't know it. Levels that don't show the whole may still show a row of it. */
const rowOf = (leg: LegSummary | null, part: Component): number | null =>
  leg?.perConnection?.components[part] ?? leg?.inconclusive?.components[part]?.bytes ?? null;

/** The same of a row of its ledger. */
export function componentCost(leg: LegSummary | null, part: Component): Cost | null {
  const estimate = leg?.perConnection?.componentEstimates[part] ?? leg?.inconclusive?.components[part];
  if (!leg || !estimate) return null;
  // What a heap hides lies in what its runtime doesn't tell.
  const coarseBytes = part === 'userOther' ? (leg.perConnection?.coarseBytes ?? 0) : 0;
  return { ...estimate, launches: leg.launches?.count ?? 1, coarseBytes };
}

/** There are a dozen parts: each has to be shown more clearly, so that all together don't cry wolf more often than one. */
const PARTS_REACH = 1.4;

function partDifference(first: Cost, second: Cost): Difference {
  const { bytes, low, high, percent } = differenceOf(first, second);
  const [least, most] = [bytes - PARTS_REACH * (bytes - low), bytes + PARTS_REACH * (high - bytes)];
  const word = least > 0 ? 'dearer' : most < 0 ? 'cheaper' : 'no difference shown';
  return { bytes, low: least, high: most, percent, word };
}

function warningsOf(runs: readonly ComparedRun[]): string[] {
  const all = runs.map(
    ({ letter, run, summary, problems }): Doubtable => ({
      called: letter,
      run,
      status: summary.status,
      problems,
      legs: summary.legs.map(({ name, fit, tls, perConnection, inconclusive }) => ({
        name,
        isCostKnown: perConnection !== null,
        inconclusive,
        rSquared: fit?.rSquared ?? null,
        tls,
      })),
    }),
  );
  return [...differingIn(all), ...agreementDoubts(all), ...all.flatMap(doubtsAbout), ...scatterDoubts(all)];
}
