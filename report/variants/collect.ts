import { join } from 'node:path';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import type { VariantPart, VariantResult, VariantsResult } from '../../core/schemas/variants.ts';
import { EXIT, RigError } from '../../core/values/errors.ts';
import { comparedParts } from '../compare/comparison.ts';
import { doubtsAbout } from '../compare/doubts.ts';
import { type RunRecord, readRun } from '../fold/read-run.ts';
import { summarize } from '../fold/summarize.ts';
import { foldRuns } from '../fold/summarize-leg.ts';
import { churnCostOf } from './churn-cost.ts';
import { slowCostOf } from './slow-cost.ts';

/** A variant, as far as its result repeats it; `leg` as a leg is called. */
type AskedVariant = Pick<VariantResult, 'name' | 'again' | 'leg' | 'planned'>;

/** One of the runs, and how it ended. */
interface EndedRun {
  readonly cell: { readonly name: string; readonly variant: string; readonly repeat: number };
  readonly state: VariantsResult['runs'][number]['state'];
  readonly exitCode: number | null;
  readonly said: string;
}

/** What variants came to, and what charts and pages show besides. */
export interface CollectedVariants {
  readonly result: Pick<VariantsResult, 'target' | 'variants' | 'runs' | 'warnings'>;
  /** What each variant's runs come to together, by its name, in their order; null: nothing was measured. */
  readonly legs: ReadonlyArray<LegSummary | null>;
  /** A run that has what all have in common; undefined: there is none. */
  readonly record: RunRecord | undefined;
}

/** A run that can be read. */
interface ReadRun {
  readonly run: EndedRun;
  readonly record: RunRecord;
  readonly summary: Summary;
}

/**
 * What variants came to, from the folders of their runs. Each run is summed up anew. Those of one variant are pooled as launches
 * within a run are, and held against those of the first.
 *
 * @param asked the base first
 * @param runs in the order in which they were made
 */
export function collectVariants(
  asked: readonly AskedVariant[],
  runs: readonly EndedRun[],
  folder: string,
): CollectedVariants {
  const read = runs.flatMap((run) => readOne(run, folder) ?? []);
  const pooled = asked.map(({ name }) => poolOf(read.filter(({ run }) => run.cell.variant === name)));
  const compared = comparedParts(pooled);
  const variants = asked.map((one, i): VariantResult => {
    const parts = compared.flatMap(({ part, values }): VariantPart[] => {
      const value = values[i];
      return value ? [{ part, ...value }] : [];
    });
    const failed = runs.filter(({ cell, state }) => cell.variant === one.name && state === 'failed').at(-1);
    const leg = pooled[i] ?? null;
    const ownLegs = read.flatMap(({ run, summary }) => (run.cell.variant === one.name ? summary.legs : []));
    return {
      ...one,
      measured: countOf(leg),
      state: failed ? 'failed' : countOf(leg) > 0 ? 'measured' : 'missing',
      said: failed ? failed.said.trim() || 'it was ended by a signal' : '',
      exitCode: failed?.exitCode ?? null,
      upTo: leg?.levels.at(-1)?.open ?? 0,
      baselineBytes: leg?.baselineBytes ?? null,
      slow: slowCostOf(ownLegs),
      churn: churnCostOf(ownLegs, pooled[0] ?? null),
      parts,
    };
  });
  return {
    result: {
      target: read[0]?.record.run.target.name ?? null,
      variants,
      runs: runs.map(({ cell, state, exitCode }) => ({
        folder: cell.name,
        variant: cell.variant,
        repeat: cell.repeat,
        state,
        exitCode,
        startedAt: read.find(({ run }) => run.cell === cell)?.record.run.startedAt ?? null,
      })),
      warnings: warningsOf(variants, read),
    },
    legs: pooled.map((leg, i) => leg && { ...leg, name: asked[i]!.name }),
    record: read.find(({ run }) => isResult(run))?.record ?? read[0]?.record,
  };
}

function readOne(run: EndedRun, folder: string): ReadRun | undefined {
  if (run.state === 'left') return undefined;
  try {
    const record = readRun(join(folder, run.cell.name));
    return { run, record, summary: summarize(record) };
  } catch (error) {
    // A run that was refused has left no folder; why it was is among what it said.
    if (error instanceof RigError) return undefined;
    throw error;
  }
}

const isResult = ({ state }: EndedRun): boolean => state === 'measured' || state === 'kept';

/**
 * Runs that failed count by what they measured before, where there is nothing better; not at all where the client was the limit. The
 * interval of a difference says how much levels scatter, so that no run is left aside for it.
 */
function poolOf(own: readonly ReadRun[]): LegSummary | null {
  const foldAll = (runs: readonly ReadRun[]): LegSummary | null => foldRuns(runs.map(({ record }) => record));
  const whole = foldAll(own.filter(({ run }) => isResult(run)));
  if (whole?.perConnection) return whole;
  const broken = foldAll(own.filter(({ run }) => !isResult(run) && run.exitCode !== EXIT.invalid));
  return broken?.perConnection ? broken : (whole ?? broken);
}

/** In how many runs the cost is known. */
const countOf = (leg: LegSummary | null): number => (leg?.perConnection ? (leg.launches?.count ?? 1) : 0);

function warningsOf(variants: readonly VariantResult[], read: readonly ReadRun[]): string[] {
  const few = variants.filter(({ measured }) => measured === 1).map(({ name }) => name);
  const scatter = `${few.join(', ')}: one run each has a cost, so how far runs scatter is assumed, not measured: --repeats 3 tells more`;
  const doubts = read
    .filter(({ run }) => isResult(run))
    .flatMap(({ run, record, summary }) =>
      doubtsAbout({
        called: run.cell.name,
        run: record.run,
        status: summary.status,
        problems: record.problems,
        legs: summary.legs.map(({ name, fit, perConnection, inconclusive }) => ({
          name,
          isCostKnown: perConnection !== null,
          inconclusive,
          rSquared: fit?.rSquared ?? null,
          tls: null,
        })),
      }),
    );
  return [...doubts, ...(few.length > 0 ? [scatter] : [])];
}
