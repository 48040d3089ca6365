import { svgFile } from '../../charts/render.ts';
import type { RuntimesResult } from '../../core/schemas/runtimes.ts';
import { writeFileWhole } from '../outputs/write-whole.ts';
import { CHART_SIZE, runtimesCharts } from './charts.ts';
import { type Circumstances, runtimesMarkdown, runtimesPage } from './outputs.ts';

/**
 * Writes `runtimes.json`, `runtimes.md` with `charts/*.svg`, and `runtimes.html`.
 *
 * @throws RigError EOUT
 */
export function writeRuntimes(folder: string, result: RuntimesResult, circumstances: Circumstances): void {
  const charts = runtimesCharts(result);
  writeFileWhole(folder, 'runtimes.json', `${JSON.stringify(result, null, 2)}\n`);
  for (const { file, svg } of charts) writeFileWhole(folder, file, svgFile(svg, CHART_SIZE));
  writeFileWhole(folder, 'runtimes.md', runtimesMarkdown(result, circumstances, charts));
  writeFileWhole(folder, 'runtimes.html', runtimesPage(result, circumstances, charts));
}
