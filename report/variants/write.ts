import { svgFile } from '../../charts/render.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { VariantsResult } from '../../core/schemas/variants.ts';
import type { RunRecord } from '../fold/read-run.ts';
import { writeFileWhole } from '../outputs/write-whole.ts';
import { type CircumstanceKey, measuredOn } from '../words/circumstances.ts';
import { variantCharts } from './charts.ts';
import { variantsMarkdown, variantsPage } from './outputs.ts';

/** There from the beginning, so that what was interrupted can be gone on with. */
export const VARIANTS_FILE = 'variants.json';

/** What all runs have in common. */
const SHARED: ReadonlySet<CircumstanceKey> = new Set([
  'target',
  'startedBy',
  'machine',
  'kernel',
  'limits',
  'versions',
]);

/** @throws RigError EOUT */
export const writeVariantsJson = (folder: string, result: VariantsResult): void =>
  writeFileWhole(folder, VARIANTS_FILE, `${JSON.stringify(result, null, 2)}\n`);

/**
 * Writes `variants.json`, `variants.md` with `charts/*.svg`, and `variants.html`.
 *
 * @param legs what each variant came to, see `collectVariants`
 * @param record a run that has what all have in common
 * @throws RigError EOUT
 */
export function writeVariants(
  folder: string,
  result: VariantsResult,
  legs: ReadonlyArray<LegSummary | null>,
  record: RunRecord | undefined,
): void {
  const circumstances = record ? measuredOn(record.run).filter(({ key }) => SHARED.has(key)) : [];
  const charts = variantCharts(result.variants, legs);
  writeVariantsJson(folder, result);
  for (const { file, svg, size } of charts) writeFileWhole(folder, file, svgFile(svg, size));
  writeFileWhole(folder, 'variants.md', variantsMarkdown(result, circumstances, charts));
  writeFileWhole(folder, 'variants.html', variantsPage(result, circumstances, charts));
}
