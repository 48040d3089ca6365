import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../core/errors.ts';
import { RunFile } from '../../core/record.ts';
import type { Cell } from './plan.ts';

/** Of `--name`. */
const NAME_MOST = 64;

export type CellState = 'measured' | 'kept' | 'failed';

/** Ended by itself, with a result: a run that missed a threshold has one too. */
const isResult = (exitCode: number | null): boolean => exitCode === EXIT.done || exitCode === EXIT.threshold;

/**
 * Runs the cells that have no result yet, one after the other, each in a process of its own. One that fails doesn't keep
 * the others from being measured; what an earlier attempt left is kept beside it.
 *
 * @param connrig the command line that is connrig
 * @param folder where each cell has its run folder
 * @param isOver asked before each cell: an interrupted sweep begins no other one
 */
export async function walk(
  cells: readonly Cell[],
  folder: string,
  connrig: readonly [string, ...string[]],
  { say, isOver }: { readonly say: (line: string) => void; readonly isOver: () => boolean },
): Promise<Map<string, CellState>> {
  const states = new Map<string, CellState>();
  for (const [i, { name, args }] of cells.entries()) {
    if (isOver()) break;
    const own = join(folder, name);
    const at = `${i + 1}/${cells.length} ${name}`;
    if (isResult(exitCodeIn(own))) {
      say(`${at}: there already`);
      states.set(name, 'kept');
      continue;
    }
    if (existsSync(own)) renameSync(own, unusedName(own));
    say(`${at}: connrig run ${args.join(' ')}`);
    const [program, ...first] = connrig;
    const child = spawn(
      program,
      [...first, 'run', '--quiet', '--name', name.slice(0, NAME_MOST), '--out', own, ...args],
      {
        stdio: 'inherit',
      },
    );
    await once(child, 'close');
    const isMeasured = isResult(exitCodeIn(own));
    if (!isMeasured) say(`${at}: ended with ${child.exitCode ?? child.signalCode}`);
    states.set(name, isMeasured ? 'measured' : 'failed');
  }
  return states;
}

/** Of the run that is there; null: none is, or it didn't end. */
function exitCodeIn(folder: string): number | null {
  try {
    return RunFile.parse(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'))).exitCode;
  } catch {
    return null;
  }
}

function unusedName(folder: string): string {
  for (let i = 1; ; i++) {
    const name = `${folder}_attempt-${i}`;
    if (!existsSync(name)) return name;
  }
}
