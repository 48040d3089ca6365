import type { Summary } from '../../core/schemas/summary.ts';
import type { SizeBy, SizingPlan } from '../../core/values/sizing-plan.ts';
import { readRun } from '../fold/read-run.ts';
import { seriesOf } from '../fold/series.ts';
import { summarize } from '../fold/summarize.ts';
import { type ReportChart, reportCharts } from './report-charts.ts';
import { RUN_OUTPUTS } from './run-outputs.ts';
import { writeFileWhole as write } from './write-whole.ts';

/**
 * Makes every report of a run folder from its record: the files of {@link RUN_OUTPUTS}. Doing it again gives the same bytes.
 *
 * @param tell called before anything is written: what was measured can be shown even where it can't be kept
 * @throws RigError ERUNFOLDER when the folder can't be read, EOUT when it can't be written
 */
export const writeReport = (folder: string, tell?: (summary: Summary) => void): Summary =>
  writeReports(folder, tell).summary;

/**
 * The same.
 *
 * @param planned in place of what the run was given to plan capacity by, if anything
 * @returns also the charts as they were drawn
 */
export function writeReports(
  folder: string,
  tell: (summary: Summary) => void = () => {},
  planned: { readonly sizing?: SizingPlan; readonly sizeBy?: SizeBy } = {},
): { readonly summary: Summary; readonly charts: readonly ReportChart[] } {
  const found = readRun(folder);
  const record = { ...found, run: { ...found.run, config: { ...found.run.config, ...planned } } };
  const summary = summarize(record);
  tell(summary);
  let drawn: readonly ReportChart[] | undefined;
  const charts = (): readonly ReportChart[] => {
    drawn ??= reportCharts(summary, seriesOf(record));
    return drawn;
  };
  const told = { run: record.run, summary, charts };
  for (const output of RUN_OUTPUTS) {
    if ('make' in output) write(folder, output.file, output.make(told));
    else for (const [file, content] of output.makeEach(told)) write(folder, file, content);
  }
  return { summary, charts: charts() };
}
