import { jsonOption } from './json-option.ts';
import type { OptionTable } from './option.ts';

/** Every option of `connrig dialects`. */
export const DIALECTS_OPTIONS = {
  json: jsonOption('print them as JSON'),
} as const satisfies OptionTable;
