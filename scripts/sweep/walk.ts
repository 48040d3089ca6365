import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { RunFile } from '../../core/schemas/record.ts';
import { EXIT } from '../../core/values/errors.ts';
import type { Cell } from './plan.ts';

/** The longest `--name`, in characters. */
const NAME_MOST = 64;

export type CellState = 'measured' | 'kept' | 'failed';

/** Ended by itself, with a result: a run that missed a threshold has one too. */
const isResult = (exitCode: number | null): boolean => exitCode === EXIT.done || exitCode === EXIT.threshold;

/** How a cell ended. */
export interface CellEnd {
  readonly state: CellState;
  /** What `connrig run` ended with; null when it was ended by a signal. */
  readonly exitCode: number | null;
  /** The end of what it said on stderr; empty for one that was there already. */
  readonly said: string;
}

/** Characters of what a cell says that are kept. */
const KEPT_CHARS = 4096;

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
  for (const [i, cell] of cells.entries()) {
    if (isOver()) break;
    const at = `${i + 1}/${cells.length} ${cell.name}`;
    states.set(cell.name, (await runCell(cell, folder, connrig, (line) => say(`${at}: ${line}`))).state);
  }
  return states;
}

/** Runs one cell, unless it has a result; what it says on stderr is shown as it comes. See {@link walk}. */
export async function runCell(
  { name, args }: Cell,
  folder: string,
  [program, ...first]: readonly [string, ...string[]],
  say: (line: string) => void,
): Promise<CellEnd> {
  const own = join(folder, name);
  const already = exitCodeIn(own);
  if (isResult(already)) {
    say('there already');
    return { state: 'kept', exitCode: already, said: '' };
  }
  if (existsSync(own)) renameSync(own, unusedName(own));
  say(`connrig run ${args.join(' ')}`);
  const child = spawn(
    program,
    [...first, 'run', '--quiet', '--name', name.slice(0, NAME_MOST), '--out', own, ...args],
    { stdio: ['inherit', 'inherit', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARS);
    process.stderr.write(text);
  });
  await once(child, 'close');
  const { exitCode } = child;
  const isMeasured = isResult(exitCodeIn(own));
  if (!isMeasured) say(`ended with ${exitCode ?? child.signalCode}`);
  return { state: isMeasured ? 'measured' : 'failed', exitCode, said };
}

/** The summary of the run that is there; null: none is, or it didn't end. */
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
