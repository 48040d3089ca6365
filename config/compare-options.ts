import { jsonOption } from './json-option.ts';
import { type OptionTable, text } from './option.ts';

/** Every option of `connrig compare`. */
export const COMPARE_OPTIONS = {
  out: {
    name: 'out',
    group: 'output',
    argument: '<folder>',
    help: 'write compare.html, compare.md and compare.json there',
    read: text,
  },
  json: jsonOption('print compare.json on stdout'),
} as const satisfies OptionTable;
