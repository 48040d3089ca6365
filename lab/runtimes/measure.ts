import { EXIT } from '../../core/values/errors.ts';
import { type CellDeps, type CellEnd, runCell } from '../run-cell.ts';
import type { RuntimeCell } from './plan.ts';

/** After so many failures without a result between them the rest of a target isn't tried. */
const GIVEN_UP_AFTER = 2;

/** How a run ended. */
export interface Measured {
  readonly cell: RuntimeCell;
  /** `refused`: limits of this machine don't allow it, which is a result too; `left`: its target had failed too often. */
  readonly state: CellEnd['state'] | 'refused' | 'left';
  /** What it said, where there is no result. */
  readonly said: string;
}

/**
 * Makes the runs one after the other. A target that fails keeps none of the others from being measured, and is itself not
 * waited for again and again.
 */
export async function measureCells(
  cells: readonly RuntimeCell[],
  deps: CellDeps,
  { say, isOver }: { readonly say: (line: string) => void; readonly isOver: () => boolean },
): Promise<Measured[]> {
  const all: Measured[] = [];
  const failures = new Map<string, number>();
  for (const [i, cell] of cells.entries()) {
    if (isOver()) break;
    const { target } = cell;
    const at = `${i + 1}/${cells.length} ${cell.name}`;
    const failed = failures.get(target) ?? 0;
    if (failed >= GIVEN_UP_AFTER) {
      say(`${at}: left out, ${target} failed ${failed} times`);
      all.push({ cell, state: 'left', said: '' });
      continue;
    }
    const { state, exitCode, said } = await runCell(cell, deps, (line) => say(`${at}: ${line}`));
    if (isOver() && state === 'failed') break;
    if (state !== 'failed') failures.delete(target);
    else if (exitCode !== EXIT.limits) failures.set(target, failed + 1);
    all.push({ cell, state: state === 'failed' && exitCode === EXIT.limits ? 'refused' : state, said });
  }
  return all;
}
