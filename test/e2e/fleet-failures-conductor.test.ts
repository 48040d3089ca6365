/** A fleet whose conductor goes, or that has two of them. Each host is a network namespace of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFailed, assertWentThrough, connrig, phaseOf, readEvents, reportOn } from '../support/connrig.ts';
import { ELSEWHERE } from '../support/elsewhere.ts';
import { endAll, LONG_LOCK, levelsHeld, startFleetOfHosts } from '../support/fleet-of-hosts.ts';
import { needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const OPTIONS = { timeout: 300_000, skip: ELSEWHERE.skip || needs('ip', 'redis-server') };
const RUN = ['--fleet-workers', '2', '--connections', '400', '--levels', '2', '--rate', '200/s'];
/** 15 s without a word from the conductor, 3 s for a Redis that is new, and 8 s to close what is open. */
const DRAINED_WITHIN_MS = 30_000;
/** What a machine that is busy with other things may add. */
const SLACK_MS = 15_000;

test('a conductor is killed: workers close all, its folder reports, and another run has them', OPTIONS, async (t) => {
  const fleet = await startFleetOfHosts(t, { workers: ['one', 'two'], lock: LONG_LOCK });
  const { workers, target, startRun } = fleet;
  const { run, folder } = startRun([...RUN, '--rest', '1s']);
  await phaseOf(run, folder, 'settle', 400);
  const killedAtMs = performance.now();
  run.child.kill('SIGKILL');
  await eventually(() => target.count() === 0, 'all are closed', DRAINED_WITHIN_MS + SLACK_MS);
  t.diagnostic(`all were closed after ${((performance.now() - killedAtMs) / 1000).toFixed(1)} s`);
  const { legs } = await reportOn(t, folder);
  assert.deepEqual(
    legs[0]?.levels.map(({ open }) => open),
    [200],
  );
  const reported = await connrig(t, ['report', folder]);
  assert.notEqual(reported.stdout, '', reported.stderr);
  const next = startRun([...RUN, '--rest', '20s']);
  await phaseOf(next.run, next.folder, 'settle', 200);
  next.run.child.kill('SIGINT');
  assertFailed(await next.run.ended, 130, 'EINTERRUPTED');
  await eventually(() => target.count() === 0, 'Ctrl-C closes all');
  await endAll(fleet, Object.values(workers));
});

test('two runs have workers of their own, and a third is told who is busy', OPTIONS, async (t) => {
  const fleet = await startFleetOfHosts(t, { workers: ['one', 'two'], lock: LONG_LOCK });
  const { workers, target, startRun } = fleet;
  const each = ['--fleet-workers', '1', '--connections', '100', '--levels', '1', '--rate', '200/s'];
  // What the target has at the start of a level is nobody's, so the first one outlasts the others.
  const first = startRun([...each, '--rest', '1s', '--soak', '5m']);
  await phaseOf(first.run, first.folder, 'soak', 100);
  const second = startRun([...each, '--rest', '1s', '--soak', '5m']);
  await phaseOf(second.run, second.folder, 'soak', 100);
  assert.deepEqual(Object.values(target.held()), [100, 100]);
  const third = startRun(each);
  const refused = await third.run.ended;
  assertFailed(refused, 3, 'EFLEETWORKERS', /not free: .*busy with/);
  for (const name of ['one', 'two']) assert.ok(refused.stderr.includes(`${name} (busy with`), refused.stderr);
  second.run.child.kill('SIGINT');
  assertFailed(await second.run.ended, 130, 'EINTERRUPTED');
  assert.deepEqual(levelsHeld(second.folder), [100]);
  // The worker that is free again has the next one, beside the first.
  const fourth = startRun([...each, '--rest', '1s']);
  assertWentThrough(await fourth.run.ended);
  assert.deepEqual(levelsHeld(fourth.folder), [100]);
  assert.deepEqual(Object.values(target.held()), [100], 'those of the first one');
  first.run.child.kill('SIGINT');
  assertFailed(await first.run.ended, 130, 'EINTERRUPTED');
  for (const { folder } of [first, second]) assert.ok(readEvents(folder).every(({ type }) => type !== 'share-moved'));
  await endAll(fleet, Object.values(workers));
});
