/** A run on one machine pays nothing for fleets over several. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connrig, newFolder, ONE_LEVEL } from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000 };

/** Says on stderr which packages a process and its threads ask for; our own code is in files of its own. */
const HOOK = `export async function resolve(specifier, context, next) {
  if (/^[a-z@]/.test(specifier) && !specifier.includes(':')) process._rawDebug('package ' + specifier);
  return next(specifier, context);
}`;
const toUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const WATCHED = {
  NODE_OPTIONS: `--import=${toUrl(`import { register } from 'node:module'; register(${JSON.stringify(toUrl(HOOK))});`)}`,
};

const packagesIn = (stderr: string): string[] => [...stderr.matchAll(/^package (\S+)$/gm)].map(([, name]) => name!);
const OF_FLEETS = ['bullmq', 'ioredis'];

test('a run, its server and its threads load no package of fleets', TIMEOUT, async (t) => {
  const args = ['run', '--protocol', 'tcp', ...ONE_LEVEL, '--quiet', '--out', newFolder(t)];
  const { code, stderr } = await connrig(t, args, { env: WATCHED });
  assert.equal(code, 0, stderr);
  const loaded = packagesIn(stderr);
  assert.ok(loaded.includes('koffi'), `others are seen: ${loaded}`);
  assert.deepEqual(
    loaded.filter((name) => OF_FLEETS.includes(name)),
    [],
  );
});

test('a run over a fleet loads them', TIMEOUT, async (t) => {
  const fleet = ['--fleet', 'redis://127.0.0.1:1'];
  const args = ['run', '--protocol', 'tcp', ...ONE_LEVEL, ...fleet, '--quiet', '--out', newFolder(t)];
  const { code, stderr } = await connrig(t, args, { env: WATCHED });
  assert.notEqual(code, 0);
  assert.deepEqual([...new Set(packagesIn(stderr).filter((name) => OF_FLEETS.includes(name)))].sort(), OF_FLEETS);
});
