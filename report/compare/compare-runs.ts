import { basename, resolve } from 'node:path';
import { RigError } from '../../core/values/errors.ts';
import { readRun } from '../fold/read-run.ts';
import { summarize } from '../fold/summarize.ts';
import { writeFileWhole } from '../outputs/write-whole.ts';
import { type Comparison, comparisonOf, type ReadRun } from './comparison.ts';
import { comparisonJson, comparisonPage, markdownComparison } from './outputs.ts';

/**
 * Reads run folders and sets them side by side, each summed up anew from its record: runs of several versions are judged
 * by one. One that can't be read is left out, and that is told among the warnings.
 *
 * @throws RigError ERUNFOLDER when the first can't be read, which the others are compared with, or none of those can
 */
export function compareFolders(
  [first, ...others]: readonly [string, ...string[]],
  maxGrowthPercent?: number,
): Comparison {
  const runs = [readCompared(first)];
  const errors: RigError[] = [];
  for (const folder of others) {
    try {
      runs.push(readCompared(folder));
    } catch (error) {
      if (!(error instanceof RigError)) throw error;
      errors.push(error);
    }
  }
  if (runs.length === 1 && errors[0]) throw errors[0];
  return comparisonOf(
    runs,
    errors.map(({ message }) => `left out: ${message}`),
    maxGrowthPercent,
  );
}

function readCompared(folder: string): ReadRun {
  const record = readRun(folder);
  const { run, problems } = record;
  return { folder: basename(resolve(folder)), run, problems, summary: summarize(record) };
}

/**
 * `compare.html`, `compare.md` and `compare.json`.
 *
 * @throws RigError EOUT when they can't be written
 */
export function writeComparison(comparison: Comparison, folder: string, connrigVersion: string): void {
  writeFileWhole(folder, 'compare.json', `${JSON.stringify(comparisonJson(comparison), null, 2)}\n`);
  writeFileWhole(folder, 'compare.md', markdownComparison(comparison));
  writeFileWhole(folder, 'compare.html', comparisonPage(comparison, connrigVersion));
}
