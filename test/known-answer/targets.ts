import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LegSummary } from '../../core/summary.ts';
import { assertWentThrough, connrig, newFolder, reportOn } from '../support/connrig.ts';
import { commandOf } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';

/** Compilation leaves them where they are. */
const sourceOf = (name: string): string =>
  fileURLToPath(new URL(`../../../test/known-answer/${name}`, import.meta.url));

/** A server that holds so many touched bytes for each connection. */
export type Language = 'C' | 'Python' | 'Node.js';

/** Started by the run, or before it. */
export type How = '--command' | '--pid';

/** How it is started with a shell, and what a run against it says more. */
interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const PROGRAMS: Readonly<Record<Language, (t: TestContext) => Promise<Program>>> = {
  C: async (t) => ({ command: compiled(t), args: [] }),
  Python: async () => ({ command: `${commandOf('python3')} ${sourceOf('held.py')}`, args: [] }),
  'Node.js': async () => {
    const inspector = `127.0.0.1:${await unusedPort()}`;
    return {
      command: `${process.execPath} --inspect=${inspector} ${sourceOf('held.mjs')}`,
      args: ['--inspect', inspector],
    };
  },
};

function compiled(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-held-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'held');
  execFileSync(commandOf('gcc'), ['-O1', '-o', path, sourceOf('held.c')]);
  return path;
}

/**
 * A run against it.
 *
 * @param words bytes for each connection, and more as its source explains
 * @param args of the run, its levels among them
 */
export async function measured(
  t: TestContext,
  language: Language,
  how: How,
  words: readonly (number | string)[],
  args: readonly string[],
): Promise<LegSummary> {
  const port = await unusedPort();
  const folder = newFolder(t);
  const program = await PROGRAMS[language](t);
  const command = ['exec', program.command, port, ...words].join(' ');
  const { target, stop } = await (how === '--pid' ? started(t, command) : { target: command, stop: () => {} });
  const run = ['run', `tcp://127.0.0.1:${port}`, how, target, ...program.args, '--rate', '20k/s', ...args];
  assertWentThrough(await connrig(t, [...run, '--quiet', '--out', folder]));
  stop();
  return (await reportOn(t, folder)).legs[0]!;
}

async function started(t: TestContext, command: string): Promise<{ target: string; stop: () => void }> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  t.after(stop);
  // What an inspector has to say is of no interest; an unread pipe would block it.
  child.stderr.resume();
  await once(child.stdout, 'data');
  return { target: String(child.pid), stop };
}
