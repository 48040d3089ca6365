import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Goroutines } from '../core/schemas/runtimes.ts';
import { readLiveTree } from '../memory/live-tree.ts';
import { type BuiltTarget, foldersOf } from './build.ts';
import type { Env } from './toolchain.ts';

/** Compilation leaves it where it is. */
const SOURCE = fileURLToPath(new URL('../../lab/goroutines.go', import.meta.url));
const COUNT = 100_000;

/**
 * Starts 100,000 goroutines and looks at the process from outside, before and after.
 *
 * @param built a target in Go, whose tools do for this too
 * @throws Error when it can't be built or read
 */
export async function measureGoroutines({ tools }: BuiltTarget, env: Env): Promise<Goroutines> {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-goroutines-'));
  const program = join(folder, 'goroutines');
  const PATH = [...foldersOf(tools), env['PATH'] ?? ''].join(delimiter);
  try {
    await promisify(execFile)('go', ['build', '-o', program, SOURCE], { env: { ...env, PATH }, cwd: folder });
    const child = spawn(program, [String(COUNT)], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      return await readBoth(child);
    } finally {
      child.kill('SIGKILL');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readBoth(child: ChildProcess): Promise<Goroutines> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const memoryAfter = async (word: string): Promise<number> => {
    const { value: line } = await lines.next();
    const bytes = readLiveTree([child.pid!])?.anonBytes;
    if (line !== word || bytes === undefined || bytes === null) throw new Error(`the goroutines said ${line}`);
    return bytes;
  };
  const before = await memoryAfter('ready');
  child.stdin!.write('\n');
  const bytes = (await memoryAfter('started')) - before;
  return { count: COUNT, bytes, bytesEach: bytes / COUNT };
}
