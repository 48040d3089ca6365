/** A target at the loopback of the conductor's machine: workers on other machines would look for it on their own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFailed, newFolder, ONE_LEVEL, startConnrig } from '../support/connrig.ts';
import { ELSEWHERE } from '../support/elsewhere.ts';
import { startFleetWorker } from '../support/fleet-worker.ts';
import { startHosts } from '../support/hosts.ts';
import { commandOf, needs } from '../support/needs.ts';

const OPTIONS = { ...ELSEWHERE, skip: ELSEWHERE.skip || needs('ip', 'redis-server') };

test('is refused to workers that are elsewhere, by name, and so says doctor', OPTIONS, async (t) => {
  const { here, there } = await startHosts(t, ['here', 'there']);
  const redis = ['--port', '6379', '--bind', here.ip, '--protected-mode', 'no', '--save', ''];
  here.start(commandOf('redis-server'), redis, { stdio: 'ignore' });
  const url = `redis://${here.ip}:6379`;
  await startFleetWorker(t, url, 'far', [], { program: there.connrig });
  await startFleetWorker(t, url, 'near', [], { program: here.connrig });
  const of = (command: string, ...more: string[]) =>
    startConnrig(t, [command, '--fleet', url, '--fleet-workers', '2', '--protocol', 'ws', ...ONE_LEVEL, ...more], {
      program: here.connrig,
    }).ended;
  const run = await of('run', '--out', newFolder(t));
  assertFailed(
    run,
    3,
    'EFLEETLOOPBACK',
    /an address that only this machine has, and workers are elsewhere: far on there/,
  );
  assert.match(run.stderr, new RegExp(`--listen ${here.ip.replaceAll('.', '\\.')}, or another address`));
  assert.ok(!run.stderr.includes('near'), run.stderr);
  const doctor = await of('doctor');
  assertFailed(doctor, 3, 'EFLEETLOOPBACK', /far on there/);
  assert.match(doctor.stdout, /^FAILS +workers +the target is at an address that only this machine has/m);
});
