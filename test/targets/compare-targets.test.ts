/** A comparison of targets of which most go wrong, each in its own way: the rest goes on, and all of it is told. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RuntimesResult } from '../../core/schemas/runtimes.ts';
import { newFolder } from '../support/connrig.ts';
import { echoServer, makeTarget } from './made.ts';

const CONNRIG = fileURLToPath(new URL('../../bin/main.js', import.meta.url));
const skip = process.platform === 'linux' ? false : 'needs /proc';

it('tells what each came to, goes on after those that fail, and is gone on with', { timeout: 300_000, skip }, (t) => {
  const top = dirname(newFolder(t));
  const folder = join(top, 'comparison');
  const { folder: good, cache } = makeTarget(
    t,
    { name: 'good', run: 'node server.cjs {port}', deployed: ['server.cjs'] },
    { 'server.cjs': echoServer() },
  );
  const lacking = makeTarget(t, { name: 'lacking', toolchain: [{ check: 'nowhere-found -v', install: 'get it' }] });
  const unbuilt = makeTarget(t, { name: 'unbuilt', build: ['echo no such thing >&2; exit 3'] });
  const brief = makeTarget(t, { name: 'brief', run: 'echo so brief {port}; exit 7' });
  const deaf = makeTarget(t, { name: 'deaf', readyWithin: '1s' });
  const compare = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [CONNRIG, 'targets', 'compare', ...args], {
      encoding: 'utf8',
      cwd: top,
      env: { ...process.env, XDG_CACHE_HOME: cache },
    });
  const bad = [lacking, unbuilt, brief, deaf].map((one) => one.folder);

  const words = ['--quick', '--only', [...bad, good].join(), folder] as const;
  let first = compare(...words);
  // On a busy machine a run may be invalid: the same words make it anew.
  for (let tries = 1; tries < 4 && first.stderr.includes('EGENERATOR'); tries++) first = compare(...words);
  const { status, stderr } = first;
  assert.equal(status, 1, stderr);
  const result = RuntimesResult.parse(JSON.parse(readFileSync(join(folder, 'runtimes.json'), 'utf8')));
  assert.deepEqual(
    result.targets.map(({ name, state }) => [name, state]),
    [
      ['lacking', 'skipped'],
      ['unbuilt', 'failed'],
      ['brief', 'failed'],
      ['deaf', 'failed'],
      ['good', 'measured'],
    ],
  );
  const said = result.targets.map((one) => one.said);
  assert.match(said[0]!, /nowhere-found is not installed — get it$/);
  assert.match(said[1]!, /no such thing/);
  assert.match(said[2]!, /ETARGETSTART: [\s\S]*so brief/);
  assert.match(said[3]!, /ETARGETSTART/);
  const measured = result.results.find(({ target }) => target === 'good')!;
  assert.ok(measured.memory!.total!.bytes > 1000 && measured.memory!.baselineBytes! > 1e6);
  assert.deepEqual(
    measured.times.map(({ open, lost }) => [open, lost]),
    [[2000, 0]],
  );
  assert.match(readFileSync(join(folder, 'runtimes.html'), 'utf8'), /nowhere-found is not installed/);

  const again = compare('--quick', '--only', [lacking.folder, good].join(), folder);
  assert.equal(again.status, 3, again.stderr);
  assert.equal(again.stderr.match(/good_tcp-\w+-1: there already$/gm)?.length, 2, again.stderr);

  const agreeing = compare('--quick', '--only', good, '--with', folder, folder);
  assert.equal(agreeing.status, 0, agreeing.stderr);
  assert.match(agreeing.stdout, /^tcp +one more connection +1 of 1 +0\.0 % +0\.0 % \(good\) +the same$/m);

  const nowhere = join(top, 'nowhere');
  for (const args of [[folder], ['--only', 'nobody', folder], ['--quack'], ['--with', nowhere]]) {
    const refused = compare(...args);
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(
      refused.stderr,
      /name another folder|there is no target "nobody"|--quack|nowhere holds no comparison: ENOENT/,
    );
  }
});
