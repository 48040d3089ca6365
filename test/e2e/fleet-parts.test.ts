/** How many connections each worker of a fleet gets: uneven machines, machines that are lost, machines that are slow. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  assertFailed,
  assertWentThrough,
  connrig,
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

const SKIP = process.platform === 'linux' ? needs('redis-server') : 'needs /proc';
const TIMEOUT = { timeout: 300_000, skip: SKIP };

async function startWorker(t: TestContext, url: string, name: string, more: readonly string[] = []): Promise<Started> {
  const worker = startConnrig(t, ['worker', '--redis', url, '--name', name, '--lock-time', '5s', ...more], {
    deadlineMs: 280_000,
  });
  await eventually(() => /waits for a share/.test(worker.stderr()), `${name} to wait`, 60_000);
  return worker;
}

const holds = (worker: Started): boolean => /holds share/.test(worker.stderr());

const partsIn = (folder: string): number[] | undefined =>
  readRunJson(folder).generator.legs[0]?.shares?.map(({ capacity }) => capacity);

/** The level that was read last, and what the server counted then. */
function topOf(folder: string): [level: number, counted: number | undefined] {
  const top = readSamples(folder).findLast((sample) => sample.type === 'memory' && sample.phase === 'hold');
  assert.ok(top?.type === 'memory');
  return [top.level, top.readings.runtime?.census?.tcp.open];
}

const isHeld = (folder: string, open: number): boolean =>
  readSamples(folder).some(
    (sample) => sample.type === 'tick' && sample.counts.open === open && sample.phase !== 'ramp',
  );

/** A run at whose first level one of its workers is killed. */
async function runAndKill(t: TestContext, url: string, workers: readonly Started[], beforeKill = async () => {}) {
  const folder = newFolder(t);
  const run = startConnrig(t, [
    ...['run', '--fleet', url, '--protocol', 'tcp', '--connections', '400', '--levels', '2'],
    ...['--rest', '4s', '--out', folder],
  ]);
  await eventually(() => isHeld(folder, 200), 'the first level', 120_000);
  await beforeKill();
  const victim = workers.find(holds);
  for (const pid of victim!.processes()) process.kill(pid, 'SIGKILL');
  assertWentThrough(await run.ended);
  return folder;
}

describe('parts of a run over a fleet', () => {
  it('follow from the room of each; what does not fit is refused before anything starts', TIMEOUT, async (t) => {
    const { url } = await startRedisServer(t);
    await startWorker(t, url, 'one', ['--max', '100']);
    await startWorker(t, url, 'two', ['--max', '150']);
    const plan = ['run', '--fleet', url, '--protocol', 'tcp', '--connections', '600', '--levels', '3', ...HASTY];
    const refused = await connrig(t, [...plan, '--out', newFolder(t)]);
    assertFailed(refused, 3, 'EFLEETMAX', /room for 250: one on \S+ for 100 \(--max\); two on \S+ for 150 \(--max\)/);
    assert.match(refused.stderr, /connrig worker --max 450; or one more worker/);
    await startWorker(t, url, 'three');
    const dry = await connrig(t, [...plan, '--dry-run']);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /one +\S+ +100 +100 +--max/);
    assert.match(dry.stdout, /three +\S+ +350 /);
    assert.match(dry.stdout, /600 connections over the fleet: fit/);
    const folder = newFolder(t);
    assertWentThrough(await connrig(t, [...plan, '--out', folder]));
    assert.deepEqual(
      partsIn(folder)?.sort((a, b) => a - b),
      [100, 150, 350],
    );
    assert.deepEqual(topOf(folder), [600, 600]);
    const top = readSamples(folder).findLast((sample) => sample.type === 'memory' && sample.phase === 'hold');
    assert.ok(top?.type === 'memory' && top.residuals);
    assert.equal(
      top.residuals.reduce((sum, { attempts }) => sum + attempts, 0),
      200,
      'of the last level',
    );
    assert.ok(top.residuals.every(({ openP99Ms, wanted, attempts }) => openP99Ms !== null && attempts === wanted));
  });

  it('are reckoned anew when a smaller machine takes over', TIMEOUT, async (t) => {
    const { url } = await startRedisServer(t);
    const workers = [await startWorker(t, url, 'one'), await startWorker(t, url, 'two')];
    const folder = await runAndKill(t, url, workers, async () => {
      await startWorker(t, url, 'small', ['--max', '50']);
    });
    assert.deepEqual(
      partsIn(folder)?.sort((a, b) => a - b),
      [50, 350],
    );
    assert.deepEqual(topOf(folder), [400, 400]);
    assert.equal(readEvents(folder).filter(({ type }) => type === 'share-moved').length, 1);
  });

  it('go to the others where nobody takes over', TIMEOUT, async (t) => {
    const { url } = await startRedisServer(t);
    const workers = [await startWorker(t, url, 'one'), await startWorker(t, url, 'two')];
    const folder = await runAndKill(t, url, workers);
    assert.deepEqual(
      partsIn(folder)?.sort((a, b) => a - b),
      [0, 400],
    );
    assert.deepEqual(topOf(folder), [400, 400]);
    const codes = readEvents(folder).flatMap((event) => (event.type === 'warning' ? [event.code] : []));
    assert.ok(codes.includes('WSHARELEFT'), codes.join());
    const texts = readEvents(folder).flatMap((event) => (event.type === 'warning' ? [event.text] : []));
    assert.match(texts.join(), /share [12] of the fleet was lost with (one|two) on \S+, and nobody took it up for \d/);
  });

  const CPU = '/sys/fs/cgroup/cpu';
  const slow =
    !existsSync(join(CPU, 'cpu.cfs_quota_us')) || process.getuid?.() !== 0
      ? 'needs a cgroup of v1 for the processor'
      : SKIP;
  it('are lowered for a machine that can not keep the pace', { ...TIMEOUT, skip: slow }, async (t) => {
    const { url } = await startRedisServer(t);
    const more = ['--lock-time', '60s'];
    const workers = [await startWorker(t, url, 'one', more), await startWorker(t, url, 'two', more)];
    const group = join(CPU, `connrig-test-${process.pid}`);
    mkdirSync(group);
    t.after(async () => {
      await eventually(() => tryTo(() => rmdirSync(group)), 'the cgroup to be empty', 30_000);
    });
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...[
        'run',
        '--fleet',
        url,
        '--protocol',
        'wss',
        '--connections',
        '1200',
        '--levels',
        '600,1200',
        '--rate',
        '60/s',
      ],
      ...[...HASTY, '--out', folder],
    ]);
    await eventually(() => workers.every(holds), 'both hold a share', 120_000);
    await eventually(
      () => readSamples(folder).some((sample) => sample.type === 'tick' && sample.phase === 'ramp'),
      'the ramp',
      120_000,
    );
    // A handshake takes about a millisecond; it has two in a hundred.
    writeFileSync(join(group, 'cpu.cfs_period_us'), '1000000');
    writeFileSync(join(group, 'cpu.cfs_quota_us'), '20000');
    const holder = workers[0]!.processes().find((pid) => pid !== workers[0]!.pid)!;
    writeFileSync(join(group, 'cgroup.procs'), String(holder));
    await eventually(() => readEvents(folder).some(({ type }) => type === 'share-behind'), 'it is noticed', 120_000);
    writeFileSync(join(group, 'cpu.cfs_quota_us'), '-1');
    assertWentThrough(await run.ended);
    const [behind] = readEvents(folder).filter((event) => event.type === 'share-behind');
    assert.ok(behind?.type === 'share-behind' && behind.isLowered && behind.opened < behind.due);
    const parts = partsIn(folder)!;
    assert.ok(parts[behind.share]! < 600, `${parts}`);
    assert.equal(parts[0]! + parts[1]!, 1200);
  });
});

function tryTo(what: () => void): boolean {
  try {
    what();
    return true;
  } catch {
    return false;
  }
}
