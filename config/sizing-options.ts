import { SIZE_BY } from '../core/values/sizing-plan.ts';
import { type OptionTable, oneOf } from './option.ts';
import { readSizing } from './sizing.ts';

/** What capacity is planned for, when a run is summed up and when that is done again. */
export const SIZING_OPTIONS = {
  sizeBy: {
    name: 'size-by',
    group: 'verdict',
    argument: '<cost>',
    help: 'plan capacity by the dearer of what a connection costs at rest and while everybody reconnects (dearer), or by the cost at rest (rest)',
    read: oneOf(SIZE_BY),
  },
  sizing: {
    name: 'plan',
    group: 'verdict',
    argument: '<file>',
    help: 'what to plan for, as YAML: connections wanted, instance types with memory and price; see docs/reading-a-report.md',
    read: readSizing,
  },
} as const satisfies OptionTable;
