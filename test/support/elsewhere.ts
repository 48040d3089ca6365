/** Runs in other surroundings than this machine's: namespaces of their own, in which things are missing, and less privilege. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ENTRY, type StartOptions } from './connrig.ts';

const NOBODY = 65_534;
const ROOT_FOLDER = fileURLToPath(new URL('../../..', import.meta.url));

/** Why surroundings can't be changed here; false when they can. */
const whyNot = ((): string | false => {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to take things away';
  const { status, stderr, error } = spawnSync('unshare', ['--mount', '--net', 'true'], { encoding: 'utf8' });
  return status === 0 ? false : `may not make namespaces: ${error?.message ?? stderr.trim()}`;
})();

/** Options of a test that changes its surroundings. */
export const ELSEWHERE = { skip: whyNot, timeout: 180_000 };

/** In CI a skipped line is read by nobody: there somebody has to have said that this is how it is meant. */
export function assertNotSkippedUnseen(): void {
  if (whyNot === false || !['true', '1'].includes(process.env['CI'] ?? '')) return;
  test('CI tests surroundings that lack things, or says CONNRIG_TEST_UNPRIVILEGED=1', () => {
    assert.equal(process.env['CONNRIG_TEST_UNPRIVILEGED'], '1', `they are not tested here: ${whyNot}`);
  });
}

export interface Surroundings {
  /** Namespaces of its own besides that of mounts, as `unshare` calls them. */
  readonly namespaces?: readonly string[];
  /** Shell commands, as root and inside, before connrig starts in the shell's place. */
  readonly setUp?: string;
  /** connrig runs as nobody, who may do nothing that isn't for everybody. */
  readonly asNobody?: true;
  /** Put before connrig: `unshare -Ur`, say. */
  readonly wrapper?: readonly string[];
  /** Shell commands after connrig has ended, inside; its exit code is kept. */
  readonly after?: string;
}

/**
 * How to start connrig in such surroundings. Where nobody may enter the folders that lead to it, they are mounted where
 * everybody may.
 */
export function elsewhere(t: TestContext, { namespaces = [], ...how }: Surroundings): StartOptions {
  const at = openFolder(t);
  mkdirSync(join(at, 'rig'));
  writeFileSync(join(at, 'node'), '');
  const entry = join(at, 'rig', ENTRY.slice(ROOT_FOLDER.length));
  const nobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs'];
  const command = [...(how.asNobody ? nobody : []), ...(how.wrapper ?? []), join(at, 'node'), entry];
  const script = [
    'set -e',
    `mount --bind '${process.execPath}' '${at}/node'`,
    `mount --bind '${ROOT_FOLDER}' '${at}/rig'`,
    how.setUp ?? '',
    how.after === undefined ? 'exec "$@"' : `code=0; "$@" || code=$?; ${how.after}\nexit $code`,
  ].join('\n');
  const own = ['--mount', ...namespaces.map((name) => `--${name}`)];
  return { program: ['unshare', ...own, '/bin/sh', '-c', script, 'sh', ...command], cwd: at };
}

/** A folder that everybody may enter and write to; it goes with the test. */
export function openFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-elsewhere-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  chownSync(folder, NOBODY, NOBODY);
  return folder;
}

/** The loopback interface of a new network namespace is down. */
export const LOOPBACK_UP = `"${process.execPath}" "${fileURLToPath(new URL('./loopback-up.js', import.meta.url))}"`;
