import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readSizingPlan, type SizingPlan } from '../core/values/sizing-plan.ts';
import type { Read } from './option.ts';

/** The file of `--plan`, YAML or JSON: see docs/reading-a-report.md. */
export function readSizing(path: string): Read<SizingPlan> {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message.split('\n')[0];
    return { problem: `${path} can't be read: ${why}` };
  }
  const plan = readSizingPlan(value);
  return 'instances' in plan ? { value: plan } : { problem: `${path}: ${plan.join('; ')}` };
}
