import { CHART_FILES } from './chart-files.ts';
import { LEVELS_CSV } from './csv.ts';
import { REPORT_MARKDOWN } from './markdown.ts';
import type { RunOutput } from './output.ts';
import { REPORT_PAGE } from './report-page.ts';
import { SUMMARY_JSON } from './summary-json.ts';

/**
 * Every file of a report, in the order in which they are written: the numbers first, and drawings in files of their own
 * last. Whatever comes of them, the others are there.
 */
export const RUN_OUTPUTS: readonly RunOutput[] = [SUMMARY_JSON, LEVELS_CSV, REPORT_MARKDOWN, REPORT_PAGE, CHART_FILES];
