import { jsonOption } from './json-option.ts';
import { type OptionTable, quantity } from './option.ts';

/** Every option of `connrig doctor`. */
export const DOCTOR_OPTIONS = {
  connections: {
    name: 'connections',
    short: 'c',
    group: 'plan',
    argument: '<count>',
    help: 'connections to be open at once',
    default: '5k',
    read: quantity('count', 1),
  },
  json: jsonOption('print the findings as JSON'),
} as const satisfies OptionTable;
