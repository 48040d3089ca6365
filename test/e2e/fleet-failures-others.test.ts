/** A fleet whose machines disagree: about the time, or about their version. Each host is a network namespace of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertFailed, assertWentThrough, ENTRY, readSamples, startConnrig } from '../support/connrig.ts';
import { ELSEWHERE, openFolder } from '../support/elsewhere.ts';
import { endAll, FLEET_WINDOW, LONG_LOCK, levelsHeld, moves, startFleetOfHosts } from '../support/fleet-of-hosts.ts';
import { commandOf, needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const OPTIONS = { timeout: 300_000, skip: ELSEWHERE.skip || needs('ip', 'redis-server', 'faketime') };
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OLD = '0.0.1';
const RUN = ['--connections', '200', '--levels', '2', '--rate', '100/s', '--rest', '1s'];
const SKEWS: Readonly<Record<string, string>> = { conductor: '+1h', one: '-30m', two: '+2h' };

/** Put before a program: its clock is wrong, and its timers are not. Redis has an allocator that libfaketime can't live with. */
function skewed(host: string): string[] {
  if (SKEWS[host] === undefined) return [];
  const { stdout } = spawnSync(commandOf('faketime'), ['-m', '-f', '+1h', 'printenv', 'LD_PRELOAD'], {
    encoding: 'utf8',
  });
  return ['env', `LD_PRELOAD=${stdout.trim()}`, `FAKETIME=${SKEWS[host]}`, 'DONT_FAKE_MONOTONIC=1'];
}

/** The same program under another version. */
function otherVersion(t: TestContext): string {
  const folder = openFolder(t);
  mkdirSync(join(folder, 'dist'));
  cpSync(dirname(ENTRY), join(folder, 'dist/bin'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...own, version: OLD }));
  return join(folder, 'dist/bin/main.js');
}

test(
  'clocks that are hours apart change nothing, and a worker of another version is named and left out',
  OPTIONS,
  async (t) => {
    const fleet = await startFleetOfHosts(t, { workers: ['one', 'two'], lock: LONG_LOCK, wrapper: skewed });
    const { hosts, redis, workers, target, startRun } = fleet;
    const old = startConnrig(t, ['worker', '--redis', redis.url, '--name', 'old', '--lock-time', LONG_LOCK], {
      program: hosts.one.command(process.execPath, [otherVersion(t)]),
      deadlineMs: OPTIONS.timeout,
    });
    await eventually(() => /waits for a share/.test(old.stderr()), 'the old one to wait', 60_000);
    const refused = await startRun([...RUN, '--fleet-workers', '3']).run.ended;
    assertFailed(refused, 3, 'EFLEETWORKERS', /2 wait: one, two; of another version: old \(connrig 0\.0\.1\)/);
    old.child.kill('SIGTERM');
    assert.equal((await old.ended).code, 0, old.stderr());
    const { run, folder } = startRun([...RUN, '--fleet-workers', '2']);
    const ended = await run.ended;
    assertWentThrough(ended);
    assert.deepEqual(levelsHeld(folder), [100, 200]);
    assert.deepEqual(moves(folder), []);
    assert.ok(target.most() <= 200 + FLEET_WINDOW);
    const end = readSamples(folder).find((sample) => sample.type === 'leg-end');
    assert.ok(end?.type === 'leg-end');
    assert.equal(end.progress.counts.failed, 0);
    // Times to open are of one machine each, whatever its clock says.
    for (const [lowestMicros] of end.progress.openActual) assert.ok(lowestMicros < 120e6, `${lowestMicros} µs`);
    await endAll(fleet, Object.values(workers));
  },
);
