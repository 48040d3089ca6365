import type { EarlierRun } from '../../core/schemas/record.ts';
import { RigError } from '../../core/values/errors.ts';
import { type RunRecord, readRun, readRunFile } from '../fold/read-run.ts';
import { summarize } from '../fold/summarize.ts';

/**
 * An earlier run as a later one is held against it and keeps it, summed up anew from its record like everything that is
 * compared.
 *
 * @returns a sentence where the folder holds no run that this version understands
 */
export function readBaseline(folder: string): EarlierRun | string {
  let record: RunRecord;
  try {
    // What a newer version recorded may mean something else by now: good enough to be shown, not to be measured by.
    readRunFile(folder);
    record = readRun(folder);
  } catch (error) {
    if (!(error instanceof RigError)) throw error;
    return `${error.message} (${error.hint})`;
  }
  const { baseline: _, ...run } = record.run;
  const { status, legs } = summarize(record);
  if (legs.length === 0) {
    return `${folder} has no leg that began${record.problems.map((problem) => `; ${problem}`).join('')}`;
  }
  return {
    folder,
    run,
    status,
    problems: [...record.problems],
    legs: legs.map(({ name, protocol, launches, fit, tls, perConnection }) => ({
      name,
      protocol,
      launches: launches?.count ?? 1,
      rSquared: fit?.rSquared ?? null,
      tls: tls && { agreed: tls.agreed, resumedPercent: tls.resumedPercent },
      total: perConnection?.total ?? null,
      user: perConnection?.user ?? null,
      coarseBytes: perConnection?.coarseBytes ?? 0,
    })),
  };
}
