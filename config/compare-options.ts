import { jsonOption } from './json-option.ts';
import { type OptionTable, quantity, text } from './option.ts';

/** Every option of `connrig compare`. */
export const COMPARE_OPTIONS = {
  maxGrowthPercent: {
    name: 'max-growth',
    group: 'verdict',
    argument: '<percent>',
    help: 'what a cost may grow by: charts show it beside each difference',
    default: '5%',
    read: quantity('percent', 0),
  },
  out: {
    name: 'out',
    group: 'output',
    argument: '<folder>',
    help: 'write compare.html, compare.md and compare.json there',
    read: text,
  },
  json: jsonOption('print compare.json on stdout'),
} as const satisfies OptionTable;
