import { parseQuantity } from '../core/values/units.ts';
import type { Read } from './option.ts';

/** Levels as asked for: how many evenly spaced ones, or exactly these. */
type Levels = { readonly count: number } | { readonly exactly: readonly number[] };

/** What `--levels` says. */
export function readLevels(given: string): Read<Levels> {
  const numbers = given.split(',').map((part) => parseQuantity('count', part));
  if (numbers.some((level) => level === undefined || level < 1)) {
    return { problem: `"${given}" is neither a number of levels nor a list of levels such as 1k,2k,5k` };
  }
  const exactly = numbers as number[];
  if (exactly.length === 1) {
    return exactly[0]! > 1000 ? { problem: 'more than 1000 levels' } : { value: { count: exactly[0]! } };
  }
  if (exactly.some((level, i) => i > 0 && level <= exactly[i - 1]!)) return { problem: `${given} does not ascend` };
  return { value: { exactly } };
}
