import { type OptionTable, quantity } from '../option.ts';

/** When memory is read. */
export const READING_OPTIONS = {
  settleTimeoutMs: {
    name: 'settle-timeout',
    group: 'readings',
    argument: '<duration>',
    help: 'wait at most this long at a level for memory to come to rest',
    default: '5s',
    read: quantity('duration', 0),
  },
  restMs: {
    name: 'rest',
    group: 'readings',
    argument: '<duration>',
    help: 'leave connections alone this long before memory is read, for servers that tidy up after a while',
    default: '0s',
    read: quantity('duration', 0),
  },
} as const satisfies OptionTable;
