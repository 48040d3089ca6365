import { metricsPage } from './metrics-page.ts';
import { optionsPage } from './options-page.ts';

/** Files of docs/ that are made from tables of the code: path from the repository's root → what it holds. */
export const generatedDocs = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/metrics.md', metricsPage()],
    ['docs/options.md', optionsPage()],
  ]);
