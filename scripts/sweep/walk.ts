import { type Cell, type CellDeps, type CellState, runCell } from '../../lab/run-cell.ts';

/**
 * Runs the cells that have no result yet, one after the other. One that fails doesn't keep the others from being measured.
 *
 * @param isOver asked before each cell: an interrupted sweep begins no other one
 */
export async function walk(
  cells: readonly Cell[],
  deps: CellDeps,
  { say, isOver }: { readonly say: (line: string) => void; readonly isOver: () => boolean },
): Promise<Map<string, CellState>> {
  const states = new Map<string, CellState>();
  for (const [i, cell] of cells.entries()) {
    if (isOver()) break;
    const at = `${i + 1}/${cells.length} ${cell.name}`;
    states.set(cell.name, (await runCell(cell, deps, (line) => say(`${at}: ${line}`))).state);
  }
  return states;
}
