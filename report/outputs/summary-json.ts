import type { RunOutput } from './output.ts';

/** `summary.json`: every number of the report, exactly. */
export const SUMMARY_JSON: RunOutput = {
  file: 'summary.json',
  make: ({ summary }) => `${JSON.stringify(summary, null, 2)}\n`,
};
