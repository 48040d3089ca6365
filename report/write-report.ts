import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RigError } from '../core/errors.ts';
import type { Summary } from '../core/summary.ts';
import { levelsCsv } from './csv.ts';
import { markdownReport } from './markdown.ts';
import { readRun } from './read-run.ts';
import { summarize } from './summarize.ts';

/**
 * Makes every report of a run folder from its record: `summary.json`, `report.md`, `levels.csv`. Doing it again gives
 * the same bytes.
 *
 * @param tell called before anything is written: what was measured can be shown even where it can't be kept
 * @throws RigError ERUNFOLDER when the folder can't be read, EOUT when it can't be written
 */
export function writeReport(folder: string, tell: (summary: Summary) => void = () => {}): Summary {
  const record = readRun(folder);
  const summary = summarize(record);
  const files = {
    'summary.json': `${JSON.stringify(summary, null, 2)}\n`,
    'report.md': markdownReport(record.run, summary),
    'levels.csv': levelsCsv(summary),
  };
  tell(summary);
  try {
    for (const [name, content] of Object.entries(files)) replaceFile(join(folder, name), content);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new RigError('EOUT', `the reports can't be written into ${folder} (${why})`, {
      hint: 'copy the folder to where you may write, and report on that',
      cause,
    });
  }
  return summary;
}

/** Half a file would pass for a whole one. */
function replaceFile(path: string, content: string): void {
  const part = `${path}.part`;
  try {
    writeFileSync(part, content);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
