import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type VariantResult, VariantsResult } from '../../core/schemas/variants.ts';
import { usageError } from '../../core/values/errors.ts';
import { VARIANTS_FILE } from './write.ts';

/**
 * The seed of what was begun in a folder before, so that the same order is gone on with. Variants and repeats may have been added
 * since; what a variant is has to be the same.
 *
 * @throws RigError EUSAGE for a folder that belongs to other variants
 */
export function seedOfBegun(
  folder: string,
  asked: ReadonlyArray<Pick<VariantResult, 'name' | 'again'>>,
): number | undefined {
  const path = join(folder, VARIANTS_FILE);
  if (!existsSync(path)) return undefined;
  const begun = readBegunVariants(path);
  const other = begun?.variants.find(({ name, again }) =>
    asked.some((one) => one.name === name && one.again !== again),
  );
  if (begun && !other) return begun.seed;
  const why = other
    ? `${other.name} was asked for otherwise there: ${other.again}`
    : `its ${VARIANTS_FILE} can't be read`;
  throw usageError([`${folder} holds other variants: ${why}`], 'connrig variants … --out runs/another');
}

function readBegunVariants(path: string): VariantsResult | undefined {
  try {
    return VariantsResult.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Cut off, or of somebody else.
    return undefined;
  }
}
