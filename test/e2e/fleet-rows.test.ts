/** Runs over workers whose connections have rows of their own: which has which, what lies in Redis, and what becomes of a lost share's. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadRedis } from '../../fleet/remote/load.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  HASTY,
  newFolder,
  readEvents,
  startConnrig,
} from '../support/connrig.ts';
import { endWorker, holdsShare, startWorker } from '../support/fleet-workers.ts';
import { needs } from '../support/needs.ts';
import { startRedisServer } from '../support/redis.ts';
import { type SignedIn, SUBPROTOCOL, startSignInServer } from '../support/sign-in-server.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = {
  timeout: 580_000,
  skip: process.platform === 'linux' ? needs('redis-server') : 'needs /proc',
};
const TOKEN = 'of-the-fleet';
const COUNT = 100;

function dataFile(t: TestContext, rows: number): string {
  const file = join(dirname(newFolder(t)), 'users.csv');
  const lines = Array.from({ length: rows }, (_, i) => `${i + 1},secret-${i + 1}`);
  writeFileSync(file, `user,token\n${lines.join('\n')}\n`);
  return file;
}

const signIn = (seen: SignedIn, data: string): string[] => [
  ...['run', `${seen.url}/chat?n={n}&row={user}`, '--header', 'Authorization: Bearer {token}', '--data', data],
  ...['--subprotocol', SUBPROTOCOL, '--send-on-open', 'I am {user}', '--expect', '"ok"', ...HASTY],
  ...['--connections', `${COUNT}`, '--levels', '1'],
];

test('each connection has the row that it has in one process, also where a worker was lost', TIMEOUT, async (t) => {
  const { url } = await startRedisServer(t);
  const { connect } = await loadRedis(url);
  const redis = connect();
  t.after(() => redis.disconnect());
  const start = (name: string) => startWorker(t, url, name, { token: TOKEN, lockTime: '10s' });
  const workers = [await start('one'), await start('two'), await start('three')];
  const overFleet = ['--fleet', url, '--fleet-workers', '2'];
  const env = { CONNRIG_FLEET_TOKEN: TOKEN };

  await t.test('rows in turn', async (t) => {
    const rows = 45;
    const seen = await startSignInServer(t);
    const args = [...signIn(seen, dataFile(t, rows)), '--data-order', 'cycle', ...overFleet, '--out', newFolder(t)];
    assertWentThrough(await connrig(t, args, { env }));
    for (let n = 1; n <= COUNT; n++) assert.ok(seen.paths.has(`/chat?n=${n}&row=${((n - 1) % rows) + 1}`), `${n}`);
    assert.equal(seen.times.size, rows);
  });

  await t.test('each its own, and a share that moves', async (t) => {
    const seen = await startSignInServer(t);
    const folder = newFolder(t);
    const args = [...signIn(seen, dataFile(t, COUNT)), ...overFleet, '--rest', '6s', '--out', folder];
    // A target that has half of them for so long is no longer waited for.
    args.push('--open-timeout', '90s');
    const run = startConnrig(t, args, { env, deadlineMs: 280_000 });
    await eventually(() => seen.open.size === COUNT, 'all are open', 60_000);
    const keys = await redis.keys('*:rows:*');
    assert.equal(keys.length, 2);
    for (const key of keys) {
      for (const piece of Object.values(await redis.hgetallBuffer(key))) assert.ok(!piece.includes('secret'));
    }
    const victim = workers.find(holdsShare);
    assert.ok(victim);
    for (const pid of victim.processes()) process.kill(pid, 'SIGKILL');
    assertWentThrough(await run.ended);
    assert.equal(readEvents(folder).filter(({ type }) => type === 'share-moved').length, 1);
    assert.deepEqual([seen.most, seen.twice, seen.times.size, seen.open.size], [COUNT, [], COUNT, 0]);
    for (let n = 1; n <= COUNT; n++) assert.ok(seen.paths.has(`/chat?n=${n}&row=${n}`), `${n}`);
    assert.equal(seen.paths.size, COUNT);
    assert.deepEqual(await redis.keys('*:rows:*'), []);
    workers.splice(workers.indexOf(victim), 1);
  });

  for (const worker of workers) await endWorker(worker);
});

test('rows of a fleet without a token are refused', TIMEOUT, async (t) => {
  const data = dataFile(t, COUNT);
  const args = [
    'run',
    'ws://127.0.0.1:1/{user}',
    '--data',
    data,
    '--connections',
    '20',
    '--fleet',
    'redis://127.0.0.1:1',
  ];
  const ended = await connrigHere([...args, '--out', newFolder(t)]);
  assertFailed(
    ended,
    2,
    'EUSAGE',
    /without a token anybody there could read them; export the same CONNRIG_FLEET_TOKEN/,
  );
});
