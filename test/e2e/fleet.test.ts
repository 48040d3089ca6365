/** Runs whose connections are held by workers that meet the conductor at a Redis; all on this machine. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  foldedLegs,
  HASTY,
  newFolder,
  readEvents,
  readRunJson,
  readSamples,
  type Started,
  startConnrig,
} from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { startRedisServer } from '../support/redis.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = {
  timeout: 300_000,
  skip: process.platform === 'linux' ? needs('redis-server') : 'needs /proc',
};

/** One that waits for a share. */
async function startWorker(t: TestContext, url: string, name: string): Promise<Started> {
  const worker = startConnrig(t, ['worker', '--redis', url, '--name', name, '--lock-time', '10s'], {
    deadlineMs: 280_000,
  });
  await eventually(() => /waits for a share/.test(worker.stderr()), `${name} to wait`, 60_000);
  return worker;
}

const timesIn = (worker: Started, words: RegExp): number => worker.stderr().match(words)?.length ?? 0;
const holds = (worker: Started): boolean => timesIn(worker, /holds share/g) > timesIn(worker, / is over: /g);

async function endWorker(worker: Started): Promise<void> {
  worker.child.kill('SIGTERM');
  const { code } = await worker.ended;
  assert.equal(code, 0, worker.stderr());
  assert.deepEqual(worker.processes(), [], 'no process is left');
}

describe('a run over a fleet', () => {
  it('has shares of two workers: sums are those of the server, and nothing is left', TIMEOUT, async (t) => {
    const { url } = await startRedisServer(t);
    const workers = [await startWorker(t, url, 'one'), await startWorker(t, url, 'two')];
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...['run', '--fleet', url, '--fleet-workers', '2', '--protocol', 'ws', '--connections', '1200', '--levels', '4'],
      ...['--rate', '1k/s', '--out', folder],
    ]);
    const ended = await run.ended;
    assertWentThrough(ended);
    assert.ok(workers.every((worker) => timesIn(worker, /holds share/g) > 0));
    assert.deepEqual(
      readRunJson(folder).generator.legs[0]?.shares?.map(({ capacity }) => capacity),
      [600, 600],
    );
    const samples = readSamples(folder);
    const holdsOf = samples.filter((sample) => sample.type === 'memory' && sample.phase === 'hold');
    assert.ok(holdsOf.length >= 4);
    for (const sample of holdsOf) {
      if (sample.type !== 'memory') continue;
      assert.equal(sample.progress.counts.open, sample.level);
      assert.equal(sample.readings.runtime?.census?.ws.open, sample.level, 'by the count of the server');
    }
    const end = samples.find((sample) => sample.type === 'leg-end');
    assert.ok(end?.type === 'leg-end');
    const { counts, outcomes, openPlanned } = end.progress;
    assert.equal(counts.open, 0);
    assert.equal(counts.failed, 0);
    assert.equal(outcomes.open, counts.attempts);
    assert.equal(
      openPlanned.reduce((sum, [, count]) => sum + count, 0),
      counts.attempts,
      'each open has its time',
    );
    const perConnection = foldedLegs(folder)[0]?.perConnection?.user;
    assert.ok(
      perConnection && perConnection.bytes > 500 && perConnection.bytes < 50_000,
      JSON.stringify(perConnection),
    );
    for (const worker of workers) await endWorker(worker);
  });

  it('takes a share up on another worker when its worker is killed, and says so', TIMEOUT, async (t) => {
    const { url } = await startRedisServer(t);
    const workers = [
      await startWorker(t, url, 'one'),
      await startWorker(t, url, 'two'),
      await startWorker(t, url, 'three'),
    ];
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...['run', '--fleet', url, '--fleet-workers', '2', '--protocol', 'tcp', '--connections', '400', '--levels', '2'],
      ...['--rest', '4s', '--out', folder],
    ]);
    await eventually(
      () =>
        readSamples(folder).some(
          (sample) => sample.type === 'tick' && sample.counts.open === 200 && sample.phase !== 'ramp',
        ),
      'the first level',
      120_000,
    );
    const victim = workers.find(holds);
    assert.ok(victim);
    for (const pid of victim.processes()) process.kill(pid, 'SIGKILL');
    const ended = await run.ended;
    assertWentThrough(ended);
    const moved = readEvents(folder).filter((event) => event.type === 'share-moved');
    assert.equal(moved.length, 1);
    assert.match(ended.stderr, /share \d of the fleet was lost/);
    const top = readSamples(folder).findLast((sample) => sample.type === 'memory' && sample.phase === 'hold');
    assert.ok(top?.type === 'memory');
    assert.equal(top.level, 400);
    assert.equal(top.readings.runtime?.census?.tcp.open, 400);
    for (const worker of workers) if (worker !== victim) await endWorker(worker);
  });

  it('is refused where nobody waits, and says what is missing', TIMEOUT, async (t) => {
    const { url } = await startRedisServer(t);
    const ended = await connrig(t, [
      'run',
      '--fleet',
      url,
      '--connections',
      '20',
      '--levels',
      '1',
      ...HASTY,
      '--out',
      newFolder(t),
    ]);
    assertFailed(ended, 3, 'EFLEETWORKERS', /the fleet needs 1 worker, and 0 wait/);
  });
});
