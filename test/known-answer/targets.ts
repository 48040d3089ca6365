import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LegSummary } from '../../core/summary.ts';
import { assertWentThrough, connrig, newFolder, reportOn } from '../support/connrig.ts';

/** Compilation leaves them where they are. */
const sourceOf = (name: string): string =>
  fileURLToPath(new URL(`../../../test/known-answer/${name}`, import.meta.url));

/** A server that holds so many touched bytes for each connection; more words as its source explains. */
export type Language = 'C' | 'Python';

/** @returns a shell command */
export function commandOf(t: TestContext, language: Language, port: number, bytes: number, ...more: string[]): string {
  const program = language === 'C' ? compiled(t) : `python3 ${sourceOf('held.py')}`;
  return ['exec', program, port, bytes, ...more].join(' ');
}

function compiled(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-held-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'held');
  execFileSync('gcc', ['-O1', '-o', path, sourceOf('held.c')]);
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A run against it, started by us or, with `--pid`, before us. */
export async function measured(
  t: TestContext,
  how: '--command' | '--pid',
  commandAt: (port: number) => string,
  args: readonly string[],
): Promise<LegSummary> {
  const port = await freePort();
  const folder = newFolder(t);
  const target = how === '--command' ? commandAt(port) : String(await started(t, commandAt(port)));
  const plan = ['run', `tcp://127.0.0.1:${port}`, how, target, '--rate', '20k/s', ...args, '--quiet', '--out', folder];
  assertWentThrough(await connrig(t, plan));
  return (await reportOn(t, folder)).legs[0]!;
}

async function started(t: TestContext, command: string): Promise<number> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid!;
}
