import { svgFile } from '../../charts/render.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import type { SizeBy, SizingPlan } from '../../core/values/sizing-plan.ts';
import { readRun } from '../fold/read-run.ts';
import { seriesOf } from '../fold/series.ts';
import { summarize } from '../fold/summarize.ts';
import { levelsCsv } from './csv.ts';
import { markdownReport } from './markdown.ts';
import { type ReportChart, reportCharts } from './report-charts.ts';
import { reportPage } from './report-page.ts';
import { writeFileWhole as write } from './write-whole.ts';

/**
 * Makes every report of a run folder from its record: `summary.json`, `levels.csv`, `report.md` with `charts/*.svg`, and
 * `report.html`. Doing it again gives the same bytes.
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
  // The numbers first, and drawings in files of their own last: whatever comes of them, the others are there.
  write(folder, 'summary.json', `${JSON.stringify(summary, null, 2)}\n`);
  write(folder, 'levels.csv', levelsCsv(summary));
  const charts = reportCharts(summary, seriesOf(record));
  write(folder, 'report.md', markdownReport(record.run, summary, charts));
  write(folder, 'report.html', reportPage(record.run, summary, charts));
  for (const { file, svg, size } of charts) write(folder, file, svgFile(svg, size));
  return { summary, charts };
}
