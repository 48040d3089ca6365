import { EXIT } from '../../core/values/errors.ts';
import { type CellDeps, type CellEnd, runCell } from '../run-cell.ts';
import type { VariantCell } from './plan.ts';

/** How a run ended. */
export interface MeasuredVariant {
  readonly cell: VariantCell;
  /** `left`: its variant had failed too often. */
  readonly state: CellEnd['state'] | 'left';
  readonly exitCode: number | null;
  /** What it said, where there is no result. */
  readonly said: string;
}

/** After so many failures without a result between them the rest of a variant isn't tried. */
const GIVEN_UP_AFTER = 2;

/**
 * Makes the runs one after the other. A variant that fails keeps none of the others from being measured. A run in which the client
 * was what limited it says nothing of the variant, and is made once more at the end.
 */
export async function measureVariants(
  cells: readonly VariantCell[],
  deps: CellDeps,
  { say, isOver }: { readonly say: (line: string) => void; readonly isOver: () => boolean },
): Promise<MeasuredVariant[]> {
  const ends = new Map<VariantCell, MeasuredVariant>();
  const failures = new Map<string, number>();
  const runAt = async (cell: VariantCell, at: string): Promise<void> => {
    const failed = failures.get(cell.variant) ?? 0;
    if (failed >= GIVEN_UP_AFTER) {
      say(`${at}: left out, ${cell.variant} failed ${failed} times`);
      ends.set(cell, { cell, state: 'left', exitCode: null, said: '' });
      return;
    }
    const { state, exitCode, said } = await runCell(cell, deps, (line) => say(`${at}: ${line}`));
    // What was stopped in the middle has not failed.
    if (isOver() && state === 'failed') return;
    if (state !== 'failed') failures.delete(cell.variant);
    else if (exitCode !== EXIT.invalid) failures.set(cell.variant, failed + 1);
    ends.set(cell, { cell, state, exitCode, said });
  };
  for (const [i, cell] of cells.entries()) {
    if (isOver()) break;
    await runAt(cell, `${i + 1}/${cells.length} ${cell.name}`);
  }
  for (const { cell, exitCode } of [...ends.values()]) {
    if (isOver()) break;
    if (exitCode === EXIT.invalid) await runAt(cell, `once more ${cell.name}`);
  }
  return [...ends.values()];
}
