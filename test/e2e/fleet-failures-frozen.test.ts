/** Workers of a fleet that stand still, or are slow. Each host is a network namespace of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertWentThrough, phaseOf, readSamples } from '../support/connrig.ts';
import { ELSEWHERE } from '../support/elsewhere.ts';
import {
  endAll,
  FLEET_WINDOW,
  LONG_LOCK,
  levelsHeld,
  moves,
  SHORT_LOCK,
  signalAll,
  startFleetOfHosts,
} from '../support/fleet-of-hosts.ts';
import { needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const OPTIONS = { timeout: 300_000, skip: ELSEWHERE.skip || needs('ip', 'redis-server') };
const NAMES = ['one', 'two', 'three'] as const;
const RUN = ['--fleet-workers', '2', '--connections', '400', '--levels', '2', '--rate', '200/s'];
/** Looks of the meter that find connections of nobody, before the frozen worker wakes. */
const SEEN_TOO_MANY_MS = 4000;

test(
  'while a frozen worker keeps its connections no level counts, and on waking it resets them',
  OPTIONS,
  async (t) => {
    const fleet = await startFleetOfHosts(t, { workers: NAMES, lock: SHORT_LOCK });
    const { hosts, workers, target, startRun } = fleet;
    const { run, folder } = startRun([...RUN, '--rest', '2s']);
    await phaseOf(run, folder, 'settle', 400);
    const frozen = NAMES.find((name) => target.held()[hosts[name].ip] === 200)!;
    const spare = NAMES.find((name) => target.held()[hosts[name].ip] === undefined)!;
    signalAll(workers[frozen], 'SIGSTOP');
    await eventually(() => target.held()[hosts[spare].ip] === 200, 'another has its share', 90_000);
    const said = `${JSON.stringify(target.held())} ${moves(folder)} ${workers[frozen].stderr()} ${run.stderr()}`;
    assert.equal(target.held()[hosts[frozen].ip], 200, `its kernel keeps them: ${frozen} ${said}`);
    await new Promise((resolve) => setTimeout(resolve, SEEN_TOO_MANY_MS));
    assert.deepEqual(levelsHeld(folder), [200], 'the target has 600');
    assert.equal(run.child.exitCode, null, run.stderr());
    signalAll(workers[frozen], 'SIGCONT');
    await eventually(() => target.held()[hosts[frozen].ip] === undefined, 'it resets all');
    const ended = await run.ended;
    assertWentThrough(ended);
    assert.deepEqual(levelsHeld(folder), [200, 400]);
    for (const sample of readSamples(folder))
      if (sample.type === 'memory' && sample.phase === 'hold')
        assert.equal(sample.readings.remote?.ends?.accepted, sample.level, 'by the list of the target');
    assert.ok(moves(folder).includes(`${frozen} > ${spare}`), moves(folder).join());
    await endAll(fleet, Object.values(workers));
  },
);

test('one that stands still for less than its lease has its share all the time', OPTIONS, async (t) => {
  const fleet = await startFleetOfHosts(t, { workers: ['one', 'two'], lock: LONG_LOCK });
  const { workers, target, startRun } = fleet;
  const { run, folder } = startRun([...RUN, '--rest', '2s']);
  await phaseOf(run, folder, 'settle', 200);
  // Longer than a share may be silent until its connections no longer count as open.
  signalAll(workers.one, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 8000));
  assert.equal(target.count(), 200);
  assert.deepEqual(levelsHeld(folder), [], 'nobody knows what it has');
  signalAll(workers.one, 'SIGCONT');
  // A processor that is taken for nine tenths of the time.
  const slow = setInterval(() => {
    signalAll(workers.two, 'SIGSTOP');
    setTimeout(() => signalAll(workers.two, 'SIGCONT'), 180);
  }, 200);
  t.after(() => clearInterval(slow));
  const ended = await run.ended;
  clearInterval(slow);
  signalAll(workers.two, 'SIGCONT');
  assertWentThrough(ended);
  assert.deepEqual(levelsHeld(folder), [200, 400]);
  assert.deepEqual(moves(folder), []);
  assert.ok(target.most() <= 400 + FLEET_WINDOW);
  await endAll(fleet, Object.values(workers));
});
