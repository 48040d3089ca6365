import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { usageError } from '../../core/values/errors.ts';
import type { RuntimesPlan } from './plan.ts';

/** In the folder of a comparison: what it was begun with. Only the same can be gone on with. */
export const BEGUN_FILE = 'plan.json';
const Begun = z.object({ quick: z.boolean(), seed: z.number(), plan: z.unknown() });

/**
 * What the order of the runs depends on, where a comparison was begun before.
 *
 * @throws RigError EUSAGE for a folder that belongs to a comparison by another plan
 */
export function readSeed(folder: string, plan: RuntimesPlan): number | undefined {
  const path = join(folder, BEGUN_FILE);
  if (!existsSync(path)) return undefined;
  const begun = readBegun(path);
  if (begun && begun.quick === plan.quick && isDeepStrictEqual(begun.plan, plan)) return begun.seed;
  throw usageError(
    [`${folder} holds a comparison by another plan: name another folder`],
    `connrig targets compare ${plan.quick ? '--quick ' : ''}runs/another`,
  );
}

function readBegun(path: string): z.infer<typeof Begun> | undefined {
  try {
    return Begun.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Cut off, or of somebody else.
    return undefined;
  }
}

export const writeBegun = (plan: RuntimesPlan, seed: number): string =>
  `${JSON.stringify({ quick: plan.quick, seed, plan })}\n`;
