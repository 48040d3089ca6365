import { basename, resolve } from 'node:path';
import { readRun } from '../read-run.ts';
import { summarize } from '../summarize.ts';
import { writeFileWhole } from '../write-whole.ts';
import { type Comparison, comparisonOf } from './comparison.ts';
import { comparisonJson, comparisonPage, markdownComparison } from './outputs.ts';

/**
 * Reads run folders and sets them side by side, each summed up anew from its record: runs of several versions are judged
 * by one.
 *
 * @throws RigError ERUNFOLDER when one of them can't be read
 */
export const compareFolders = (folders: readonly string[]): Comparison =>
  comparisonOf(
    folders.map((folder) => {
      const record = readRun(folder);
      return { folder: basename(resolve(folder)), run: record.run, summary: summarize(record) };
    }),
  );

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
