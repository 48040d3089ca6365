import { configSchema } from '../../config/config-schema.ts';
import { summarySchema } from '../../core/schemas/summary-schema.ts';
import { metricsPage } from './metrics-page.ts';
import { optionsPage } from './options-page.ts';

/** Files that are made from tables and schemas of the code: path from the repository's root → what it holds. */
export const generatedDocs = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/metrics.md', metricsPage()],
    ['docs/options.md', optionsPage()],
    ['schemas/summary.schema.json', pretty(summarySchema())],
    ['schemas/config.schema.json', pretty(configSchema())],
  ]);

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
