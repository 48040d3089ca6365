/** Runs whose connections are held by workers that meet the conductor at a Redis; all on this machine. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
  startConnrig,
} from '../support/connrig.ts';
import { endWorker, hasHeldShare, holdsShare, startWorker } from '../support/fleet-workers.ts';
import { needs } from '../support/needs.ts';
import { startRedisServer } from '../support/redis.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = {
  timeout: 300_000,
  skip: process.platform === 'linux' ? needs('redis-server') : 'needs /proc',
};

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
    assert.ok(workers.every(hasHeldShare));
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
      await startWorker(t, url, 'one', { lockTime: '3s' }),
      await startWorker(t, url, 'two', { lockTime: '3s' }),
      await startWorker(t, url, 'three', { lockTime: '3s' }),
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
    const victim = workers.find(holdsShare);
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
