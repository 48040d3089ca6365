import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type SchemeName, toCarried } from '../../core/protocols/schemes.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { secureTarget } from '../../lab/certificate-files.ts';
import { compiled, sourceOf } from '../support/compiled.ts';
import { assertWentThrough, connrig, type Ended, foldedLegs, killIfThere, newFolder } from '../support/connrig.ts';
import { commandOf } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';

/** A server that holds so many touched bytes for each connection. */
export type Language = 'C' | 'Python' | 'Node.js';

/** A pace that both ends keep on a busy core. */
const SECURED_RATE = '300/s';

/** Started by the run, or before it. */
export type How = '--command' | '--pid';

/** How it is started with a shell, and what a run against it says more. */
interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

const PROGRAMS: Readonly<Record<Language, (t: TestContext) => Promise<Program>>> = {
  C: async (t) => ({ command: compiled(t, 'known-answer/held'), args: [] }),
  Python: async () => ({ command: `${commandOf('python3')} ${sourceOf('known-answer/held.py')}`, args: [] }),
  'Node.js': async () => {
    const inspector = `127.0.0.1:${await unusedPort()}`;
    return {
      command: `${process.execPath} --inspect=${inspector} ${sourceOf('known-answer/held.mjs')}`,
      args: ['--inspect', inspector],
    };
  },
};

/** What a run came to, however it ended. */
export interface KnownRun {
  readonly ended: Ended;
  readonly folder: string;
  readonly summary: Summary;
  /** Process id of a target that was there before. */
  readonly pid: number | undefined;
}

/** A run against it, started by us or, with `--pid`, before us. */
export async function carriedOut(
  t: TestContext,
  how: How,
  commandAt: (port: number) => string,
  args: readonly string[],
  scheme: SchemeName = 'tcp',
): Promise<KnownRun> {
  const port = await unusedPort();
  const folder = newFolder(t);
  const pid = how === '--pid' ? await started(t, commandAt(port)) : undefined;
  const target = pid === undefined ? commandAt(port) : String(pid);
  const url = `${scheme}://127.0.0.1:${port}`;
  const ended = await connrig(t, ['run', url, how, target, '--rate', '20k/s', ...args, '--quiet', '--out', folder]);
  const told = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
  return { ended, folder, summary: { ...told, legs: foldedLegs(folder) }, pid };
}

/**
 * The leg of a run that went all the way.
 *
 * @param words bytes for each connection, and more as the source of the target explains
 * @param args of the run, its levels among them
 * @param scheme that it is asked by; over TLS it gets a certificate of its own, which the run trusts
 */
export async function measured(
  t: TestContext,
  language: Language,
  how: How,
  words: readonly (number | string)[],
  args: readonly string[],
  scheme: SchemeName = 'tcp',
): Promise<LegSummary> {
  const program = await PROGRAMS[language](t);
  const secured = certificateFor(t, scheme);
  const commandAt = (port: number): string => ['exec', ...secured.words, program.command, port, ...words].join(' ');
  // How connections end isn't the question, and thousands in TIME_WAIT would cost everybody who lists sockets for a minute.
  const closing = args.includes('--close') ? [] : ['--close', 'reset'];
  const { ended, summary, pid } = await carriedOut(
    t,
    how,
    commandAt,
    [...program.args, ...secured.args, ...closing, ...args],
    scheme,
  );
  assertWentThrough(ended);
  if (pid !== undefined) killIfThere(pid);
  return summary.legs[0]!;
}

/** Files of the test's own, with which a server of ours speaks TLS, and a run trusts it. */
function certificateFor(
  t: TestContext,
  scheme: SchemeName,
): { readonly words: readonly string[]; readonly args: readonly string[] } {
  const { env, caCert, remove } = secureTarget(toCarried(scheme).transport, {});
  t.after(remove);
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return caCert === undefined
    ? { words: [], args: [] }
    : { words: ['env', ...words], args: ['--ca', env['TLS_CERT']!, '--rate', SECURED_RATE] };
}

export async function started(t: TestContext, command: string): Promise<number> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  // What an inspector has to say is of no interest; an unread pipe would block it.
  child.stderr.resume();
  await once(child.stdout, 'data');
  return child.pid!;
}
