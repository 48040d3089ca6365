import { svgFile } from '../charts/render.ts';

import type { SizeBy, SizingPlan } from '../core/sizing-plan.ts';
import type { Summary } from '../core/summary.ts';
import { levelsCsv } from './csv.ts';
import { markdownReport } from './markdown.ts';
import { readRun } from './read-run.ts';
import { reportCharts } from './report-charts.ts';
import { reportPage } from './report-page.ts';
import { seriesOf } from './series.ts';
import { summarize } from './summarize.ts';
import { writeFileWhole as write } from './write-whole.ts';

/**
 * Makes every report of a run folder from its record: `summary.json`, `levels.csv`, `report.md` with `charts/*.svg`, and
 * `report.html`. Doing it again gives the same bytes.
 *
 * @param tell called before anything is written: what was measured can be shown even where it can't be kept
 * @param planned in place of what the run was given to plan capacity by, if anything
 * @throws RigError ERUNFOLDER when the folder can't be read, EOUT when it can't be written
 */
export function writeReport(
  folder: string,
  tell: (summary: Summary) => void = () => {},
  planned: { readonly sizing?: SizingPlan; readonly sizeBy?: SizeBy } = {},
): Summary {
  const found = readRun(folder);
  const record = { ...found, run: { ...found.run, config: { ...found.run.config, ...planned } } };
  const summary = summarize(record);
  tell(summary);
  // The numbers first: whatever comes of the drawing, they are there.
  write(folder, 'summary.json', `${JSON.stringify(summary, null, 2)}\n`);
  write(folder, 'levels.csv', levelsCsv(summary));
  const charts = reportCharts(summary, seriesOf(record));
  for (const { file, svg, size } of charts) write(folder, file, svgFile(svg, size));
  write(folder, 'report.md', markdownReport(record.run, summary, charts));
  write(folder, 'report.html', reportPage(record.run, summary, charts));
  return summary;
}
