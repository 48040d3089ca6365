import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { WORKER_OPTIONS } from '../config/worker/worker-options.ts';
import { runWorker } from '../fleet/remote/lease.ts';
import { loadRedis } from '../fleet/remote/load.ts';
import { connrig, newFolder, startConnrig } from '../test/support/connrig.ts';
import { startWorker } from '../test/support/fleet-workers.ts';
import { needs } from '../test/support/needs.ts';
import { startRedisServer } from '../test/support/redis.ts';
import { eventually } from '../test/support/wait.ts';

const OPTIONS = { skip: process.platform === 'linux' ? needs('redis-server') : 'needs /proc', timeout: 200_000 };

async function startFleet(t: TestContext) {
  const leaving = new AbortController();
  const left: Promise<void>[] = [];
  // A worker takes leave of its Redis, so this comes first.
  t.after(async () => {
    leaving.abort();
    await Promise.all(left);
  });
  const { url } = await startRedisServer(t);
  const { connect } = await loadRedis(url);
  const redis = connect();
  t.after(() => redis.disconnect());
  return {
    url,
    redis,
    startOtherVersion: () => startOtherVersion(url, leaving.signal, left),
  };
}

const doctor = (t: TestContext, url: string, ...more: string[]) =>
  connrig(t, ['doctor', '--fleet', url, '--protocol', 'ws', '--connections', '500', ...more]);

test('doctor tells of Redis and of each worker, and names one of another version', OPTIONS, async (t) => {
  const { url, startOtherVersion } = await startFleet(t);
  await startWorker(t, url, 'one', { args: ['--max', '2k'] });
  await startWorker(t, url, 'two');
  await startOtherVersion();
  const told = await doctor(t, url, '--fleet-workers', '2');
  assert.equal(told.code, 0, told.stderr);
  for (const line of [
    /^ok +Redis +\d+\.\d+\.\d+; a round trip takes /m,
    /^ok +its memory policy +noeviction$/m,
    /^ok +its memory +.* used, no bound$/m,
    /^note +its persistence +none: after a restart of it all shares begin anew$/m,
    /^ok +workers +2 of 2 wait, 2 wanted, with room for /m,
    /^note +versions +left out: three \(connrig 0\.0\.9\) — install the same version/m,
    /^ok +clocks +ramps begin within .* times of day are .* apart/m,
    /^one +\S+ +\d+\.\d+\.\d+ +v\d+\.\S+ +(epoll|node) +\d+ .* 2,000 \(--max\) +nothing, it waits$/m,
    /^two .* nothing, it waits$/m,
  ])
    assert.match(told.stdout, line);
  assert.ok(!told.stdout.includes("the client's open files"), 'this machine holds none of them');
  const { stdout, code } = await doctor(t, url, '--json');
  assert.equal(code, 0);
  const { fleet } = JSON.parse(stdout);
  assert.deepEqual(
    fleet.workers.map(({ worker, share, room }: Record<string, unknown>) => [worker, share, room === 2000]).toSorted(),
    [
      ['one', null, true],
      ['two', null, false],
    ],
  );
  assert.deepEqual(fleet.foreign, ['three (connrig 0.0.9)']);
  assert.equal(fleet.redis.memoryPolicy, 'noeviction');
});

test('doctor fails with what a run would be refused for', OPTIONS, async (t) => {
  const { url, redis } = await startFleet(t);
  const nobody = await doctor(t, url);
  assert.deepEqual([nobody.code, /EFLEETWORKERS/.test(nobody.stderr)], [3, true], nobody.stderr);
  assert.match(nobody.stdout, /^FAILS +workers +the fleet needs 1 worker, and 0 wait — connrig worker --redis /m);
  await startWorker(t, url, 'one', { args: ['--max', '100'] });
  const small = await doctor(t, url);
  assert.deepEqual([small.code, /EFLEETMAX/.test(small.stderr)], [3, true], small.stderr);
  assert.match(small.stdout, /^FAILS +workers +500 connections are wanted, and the workers have room for 100: /m);
  await startWorker(t, url, 'two');
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const evicting = await doctor(t, url);
  assert.deepEqual([evicting.code, /EFLEETREDIS/.test(evicting.stderr)], [4, true], evicting.stderr);
  assert.match(
    evicting.stdout,
    /^FAILS +its memory policy +maxmemory-policy is allkeys-lru: .* — redis-cli config set /m,
  );
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  assert.equal((await doctor(t, url)).code, 0);
  const away = await doctor(t, 'redis://127.0.0.1:1');
  assert.deepEqual([away.code, /EFLEETREDIS/.test(away.stderr)], [4, true], away.stderr);
});

test('doctor says what workers hold while a run goes on', OPTIONS, async (t) => {
  const { url } = await startFleet(t);
  await startWorker(t, url, 'one');
  const run = startConnrig(t, [
    ...['run', '--fleet', url, '--protocol', 'ws', '--connections', '50', '--levels', '1', '--rest', '60s'],
    ...['--out', newFolder(t)],
  ]);
  const busy = await eventually(
    async () => {
      const told = await doctor(t, url);
      return /share 1 of run [0-9a-f]{12}/.test(told.stdout) ? told : undefined;
    },
    'a worker that holds a share',
    90_000,
  );
  assert.equal(busy.code, 3);
  assert.match(busy.stdout, /^FAILS +workers +the fleet needs 1 worker, and 0 wait; not free: one \(busy with /m);
  run.child.kill('SIGINT');
  await run.ended;
});

/** As a connrig of another version would be there. */
async function startOtherVersion(redisUrl: string, signal: AbortSignal, left: Promise<void>[]): Promise<void> {
  let said = '';
  const ended = runWorker({
    redisUrl,
    prefix: WORKER_OPTIONS.prefix.default,
    own: { token: undefined, env: {}, certificate: undefined },
    version: '0.0.9',
    offer: {
      worker: 'three',
      host: 'elsewhere',
      most: null,
      memoryBytes: 2 ** 30,
      engine: 'node',
      machine: 'another',
      network: '',
    },
    readResources: async () => ({
      offer: { systemFilesLeft: null, memoryAvailableBytes: 2 ** 30, memoryLimitBytes: 2 ** 30, ports: null },
      ephemeralPorts: null,
    }),
    machine: { descriptorLimit: 1000, cores: 1, sources: undefined },
    allowed: undefined,
    lockMs: 3000,
    holderEntry: new URL('./worker-child.js', import.meta.url),
    say: (line) => {
      said += line;
    },
    signal,
  });
  left.push(ended);
  await eventually(() => said.includes('waits'), 'the worker of another version', 60_000);
}
