import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RuntimesResult } from '../core/schemas/runtimes.ts';
import type { Read } from './option.ts';

/** A comparison of targets that has come to its end, by its folder. */
export function readEarlierComparison(folder: string): Read<RuntimesResult> {
  try {
    const result = RuntimesResult.parse(JSON.parse(readFileSync(join(folder, 'runtimes.json'), 'utf8')));
    return result.isWhole
      ? { value: result }
      : { problem: `${folder} holds a comparison that was not finished: go on with that one first` };
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it has another shape' : (error as Error).message.split('\n')[0];
    return { problem: `${folder} holds no comparison: ${why}` };
  }
}
