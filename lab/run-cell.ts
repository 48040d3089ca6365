import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { RunFile } from '../core/schemas/record.ts';
import { EXIT } from '../core/values/errors.ts';
import type { Env } from './toolchain.ts';

/** One run of many. */
export interface Cell {
  /** Also its folder. */
  readonly name: string;
  /** Options of `connrig run`. */
  readonly args: readonly string[];
  /** What it reads on stdin: settings that nobody is to see in a list of processes, where `args` say `--config -`. */
  readonly input?: string;
  /** How it is told to people; `connrig run` with its options unless said. */
  readonly told?: string;
}

/** Characters of `--name`. */
const NAME_MOST = 64;

export type CellState = 'measured' | 'kept' | 'failed';

/** Ended by itself, with a result: a run that missed a threshold has one too. */
const isResult = (exitCode: number | null): boolean => exitCode === EXIT.done || exitCode === EXIT.threshold;

/** How a cell ended. */
export interface CellEnd {
  readonly state: CellState;
  /** The one of `connrig run`; null when it was ended by a signal. */
  readonly exitCode: number | null;
  /** The end of what it said on stderr; empty for one that was there already. */
  readonly said: string;
}

/** Characters of what a cell says that are kept. */
const KEPT_CHARS = 4096;

/** Where runs of many are made, and who is told. */
export interface CellDeps {
  /** Each cell has its run folder in it. */
  readonly folder: string;
  /** The command line that is connrig. */
  readonly connrig: readonly string[];
  readonly env: Env;
  /** Whether what each run came to is told on stdout, too. */
  readonly tellsResults?: boolean;
  /** What a run says on stderr, as it comes. */
  readonly onOutput: (text: string) => void;
}

/**
 * Runs one cell in a process of its own, unless it has a result. What an earlier attempt left is kept beside it.
 *
 * @param say told of it in a line
 */
export async function runCell(
  { name, args, input, told }: Cell,
  { folder, connrig, env, tellsResults = true, onOutput }: CellDeps,
  say: (line: string) => void,
): Promise<CellEnd> {
  const own = join(folder, name);
  const already = exitCodeIn(own);
  if (isResult(already)) {
    say('there already');
    return { state: 'kept', exitCode: already, said: '' };
  }
  setAside(own);
  say(told ?? `connrig run ${args.join(' ')}`);
  const [program = '', ...first] = connrig;
  const child = spawn(
    program,
    [...first, 'run', '--quiet', '--name', name.slice(0, NAME_MOST), '--out', own, ...args],
    { stdio: [input === undefined ? 'inherit' : 'pipe', tellsResults ? 'inherit' : 'ignore', 'pipe'], env },
  );
  // One that ends before it has read all of it says itself why.
  child.stdin?.on('error', () => {}).end(input);
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_CHARS);
    onOutput(text);
  });
  await once(child, 'close');
  const { exitCode } = child;
  const isMeasured = isResult(exitCodeIn(own));
  if (!isMeasured) say(`ended with ${exitCode ?? child.signalCode}`);
  return { state: isMeasured ? 'measured' : 'failed', exitCode, said };
}

/** The exit code of the run that is there; null: none is, or it didn't end. */
function exitCodeIn(folder: string): number | null {
  try {
    return RunFile.parse(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'))).exitCode;
  } catch {
    return null;
  }
}

/** Keeps what an earlier attempt left beside the place where it was. */
export function setAside(folder: string): void {
  if (existsSync(folder)) renameSync(folder, unusedName(folder));
}

function unusedName(folder: string): string {
  for (let i = 1; ; i++) {
    const name = `${folder}_attempt-${i}`;
    if (!existsSync(name)) return name;
  }
}
