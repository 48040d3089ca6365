/** The same plan, carried out by one process and over workers on hosts of their own, comes to the same. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { LegProgress } from '../../core/schemas/record.ts';
import { compiled } from '../support/compiled.ts';
import {
  assertWentThrough,
  foldedLegs,
  newFolder,
  readRunJson,
  readSamples,
  startConnrig,
} from '../support/connrig.ts';
import { ELSEWHERE } from '../support/elsewhere.ts';
import { startHosts, type TestHost } from '../support/hosts.ts';
import { needs } from '../support/needs.ts';
import { startRedisServer } from '../support/redis.ts';
import { eventually } from '../support/wait.ts';

const OPTIONS = { timeout: 300_000, skip: ELSEWHERE.skip || needs('ip', 'redis-server', 'gcc') };
/** What the target holds for each connection, touched. */
const HELD_BYTES = 20_000;
/** The allocator's own, and what a page more or less at an end of the slope comes to. */
const BESIDE_BYTES = 200;
const LEVELS = [300, 600, 900, 1200];
const PLAN = [
  '--levels',
  LEVELS.join(','),
  '--cycles',
  '2',
  '--rate',
  '1k/s',
  '--send-on-open',
  'hello',
  '--settle-timeout',
  '1s',
];
const NO_LEASE_IS_LOST = ['--lock-time', '60s'];
const METER = { port: 9465, token: 'of-the-meter' };

test('one plan by one process and over two workers: the same sums, and the same cost', OPTIONS, async (t) => {
  const hosts = await startHosts(t, ['redis', 'conductor', 'one', 'two', 'target']);
  const redis = await startRedisServer(t, { host: hosts.redis });
  const workers = (['one', 'two'] as const).map((name) =>
    startConnrig(t, ['worker', '--redis', redis.url, '--name', name, ...NO_LEASE_IS_LOST], {
      program: hosts[name].connrig,
      deadlineMs: OPTIONS.timeout,
    }),
  );
  for (const worker of workers) await eventually(() => /waits for a share/.test(worker.stderr()), 'it waits', 60_000);
  const carriedOut = async (port: number, more: readonly string[]): Promise<string> => {
    const target = await startTarget(t, hosts.target, port);
    const folder = newFolder(t);
    const args = ['run', target.url, ...target.metered, ...PLAN, ...more, '--out', folder];
    assertWentThrough(
      await startConnrig(t, args, { program: hosts.conductor.connrig, deadlineMs: OPTIONS.timeout }).ended,
    );
    await target.stop();
    return folder;
  };
  const alone = await carriedOut(7001, []);
  const over = await carriedOut(7002, ['--fleet', redis.url, '--fleet-workers', '2']);
  assert.deepEqual(
    readRunJson(over)
      .generator.legs[0]?.shares?.map(({ host, capacity }) => [host, capacity])
      .sort(),
    [
      ['one', 600],
      ['two', 600],
    ],
  );
  assert.deepEqual(sumsOf(over), sumsOf(alone));
  const { counts, levels } = sumsOf(over);
  const opened = 2 * LEVELS.at(-1)!;
  const { attempts, failed, closed } = counts;
  assert.deepEqual({ attempts, failed, closed }, { attempts: opened, failed: 0, closed: opened });
  assert.equal(counts['bytes out'], opened * 'hello'.length);
  assert.equal(levels.length, LEVELS.length + 1);
  const [legAlone, legOver] = [alone, over].map((folder) => foldedLegs(folder)[0]!);
  for (const leg of [legAlone!, legOver!]) {
    const { bytes } = userOf(leg);
    assert.ok(Math.abs(bytes - HELD_BYTES) < BESIDE_BYTES, `${bytes} bytes`);
  }
  const [one, other] = [userOf(legAlone!), userOf(legOver!)];
  const overlap = Math.min(one.high, other.high) - Math.max(one.low, other.low);
  assert.ok(overlap > -BESIDE_BYTES, JSON.stringify({ one, other }));
  for (const worker of workers) {
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0, worker.stderr());
    assert.deepEqual(worker.processes(), [], 'no process is left');
  }
});

/** A fresh one, whose memory is read beside it. */
async function startTarget(t: TestContext, host: TestHost, port: number) {
  const child = host.start(compiled(t, 'known-answer/held'), [`${port}`, `${HELD_BYTES}`, `at=${host.ip}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  const listen = `${host.ip}:${METER.port}`;
  const args = ['meter', '--pid', `${child.pid}`, '--listen', listen, '--admin-token', METER.token];
  const meter = startConnrig(t, args, { program: host.connrig, deadlineMs: OPTIONS.timeout });
  await eventually(() => /http:\S+\/metrics/.test(meter.stderr()), 'the meter', 60_000);
  return {
    url: `tcp://${host.ip}:${port}`,
    metered: ['--exporter', `http://${listen}`, '--exporter-token', METER.token],
    stop: async () => {
      meter.child.kill('SIGTERM');
      await meter.ended;
      child.kill('SIGKILL');
    },
  };
}

const userOf = ({ perConnection }: LegSummary) => {
  assert.ok(perConnection?.user, JSON.stringify(perConnection));
  return perConnection.user;
};

/**
 * All that follows from the plan, and not from when it was carried out: what was counted from the baseline on. A warm-up goes on until
 * the target has come to rest.
 */
function sumsOf(folder: string) {
  const samples = readSamples(folder);
  const baseline = samples.find((sample) => sample.type === 'memory' && sample.phase === 'baseline');
  const end = samples.find((sample) => sample.type === 'leg-end');
  assert.ok(baseline?.type === 'memory' && end?.type === 'leg-end');
  const [before, after] = [countsOf(baseline.progress), countsOf(end.progress)];
  return {
    counts: Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - before[name]!])),
    levels: samples.flatMap((sample) =>
      sample.type === 'memory' && sample.phase === 'hold'
        ? [[sample.cycle, sample.level, sample.progress.counts.open]]
        : [],
    ),
  };
}

function countsOf(progress: LegProgress): Readonly<Record<string, number>> {
  const { counts, outcomes, closeReasons, openPlanned, openActual, stages, bytes, received } = progress;
  const times = { openPlanned, openActual, ...stages };
  const totals = Object.entries(times).map(([name, pairs]) => [
    `values of ${name}`,
    pairs.reduce((sum, [, count]) => sum + count, 0),
  ]);
  const named = { ...counts, ...Object.fromEntries(totals) };
  const told = { 'outcome ': outcomes, 'close ': closeReasons, 'bytes ': bytes, 'received ': received };
  for (const [prefix, all] of Object.entries(told))
    for (const [name, count] of Object.entries(all ?? {})) named[prefix + name] = count;
  return named;
}
