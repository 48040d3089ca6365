import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ProtocolName } from '../../core/protocols.ts';
import type { LegSummary, Summary } from '../../core/summary.ts';
import { assertWentThrough, connrig, type Ended, newFolder, reportOn } from '../support/connrig.ts';

/** Compilation leaves them where they are. */
export const sourceOf = (name: string): string =>
  fileURLToPath(new URL(`../../../test/known-answer/${name}`, import.meta.url));

/** A server that holds so many touched bytes for each connection; more words as its source explains. */
export type Language = 'C' | 'Python';

/** @returns a shell command */
export function commandOf(t: TestContext, language: Language, port: number, bytes: number, ...more: string[]): string {
  const program = language === 'C' ? compiled(t, 'held') : `python3 ${sourceOf('held.py')}`;
  return ['exec', program, port, bytes, ...more].join(' ');
}

/** @returns the program made from `NAME.c` here */
export function compiled(t: TestContext, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-held-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  execFileSync('gcc', ['-O1', '-o', path, sourceOf(`${name}.c`)]);
  return path;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What a run came to, however it ended. */
export interface Outcome {
  readonly ended: Ended;
  readonly folder: string;
  readonly summary: Summary;
  /** Process id of a target that was there before. */
  readonly pid: number | undefined;
}

/** A run against it, started by us or, with `--pid`, before us. */
export async function carriedOut(
  t: TestContext,
  how: '--command' | '--pid',
  commandAt: (port: number) => string,
  args: readonly string[],
  protocol: ProtocolName = 'tcp',
): Promise<Outcome> {
  const port = await freePort();
  const folder = newFolder(t);
  const pid = how === '--pid' ? await started(t, commandAt(port)) : undefined;
  const target = pid === undefined ? commandAt(port) : String(pid);
  const url = `${protocol}://127.0.0.1:${port}`;
  const ended = await connrig(t, ['run', url, how, target, '--rate', '20k/s', ...args, '--quiet', '--out', folder]);
  return { ended, folder, summary: await reportOn(t, folder), pid };
}

/** The leg of a run that went all the way. */
export async function measured(
  t: TestContext,
  how: '--command' | '--pid',
  commandAt: (port: number) => string,
  args: readonly string[],
): Promise<LegSummary> {
  const { ended, summary } = await carriedOut(t, how, commandAt, args);
  assertWentThrough(ended);
  return summary.legs[0]!;
}

export async function started(t: TestContext, command: string): Promise<number> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid!;
}
