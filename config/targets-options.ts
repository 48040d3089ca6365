import { jsonOption } from './json-option.ts';
import { type OptionTable, onOff } from './option.ts';

/** Every option of `connrig targets list`. */
export const TARGETS_LIST_OPTIONS = { json: jsonOption('print them as JSON') } as const satisfies OptionTable;

/** Every option of `connrig targets build`. */
export const TARGETS_BUILD_OPTIONS = {
  all: { name: 'all', group: 'targets', help: 'all that come with the rig', default: 'false', read: onOff },
  json: jsonOption('print what was built as JSON'),
} as const satisfies OptionTable;
