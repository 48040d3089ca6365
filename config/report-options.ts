import { jsonOption } from './json-option.ts';
import { type OptionTable, onOff } from './option.ts';
import { SIZING_OPTIONS } from './sizing-options.ts';

/** Every option of `connrig report`. What a run is planned for is what the run was given, unless it is said anew. */
export const REPORT_OPTIONS = {
  ...SIZING_OPTIONS,
  png: {
    name: 'png',
    group: 'output',
    help: 'draw the charts as PNG as well, with a Chromium that is installed',
    default: 'false',
    read: onOff,
  },
  json: jsonOption('print summary.json on stdout; of many runs, one summary a line'),
} as const satisfies OptionTable;
