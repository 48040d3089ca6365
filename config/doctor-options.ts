import { jsonOption } from './json-option.ts';
import type { OptionTable } from './option.ts';
import { RUN_OPTIONS } from './run-options.ts';

// It is what doctor does anyway.
const { dryRun: _, ...ofRun } = RUN_OPTIONS;

/** Every option of `connrig doctor`: those of the run that it is asked about. */
export const DOCTOR_OPTIONS = {
  ...ofRun,
  connections: { ...ofRun.connections, short: 'c' },
  json: jsonOption('print the findings as JSON'),
} as const satisfies OptionTable;
