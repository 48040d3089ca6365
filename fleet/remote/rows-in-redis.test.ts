import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { needs } from '../../test/support/needs.ts';
import { startRedisServer } from '../../test/support/redis.ts';
import { Rows, RowsWriter } from '../opening/rows.ts';
import { loadRedis } from './load.ts';
import { fetchRows, RowsInRedis } from './rows-in-redis.ts';

const SKIP = { skip: needs('redis-server') };
const SHARES = 2;
const COLUMNS = ['user', 'password'];
/** Several pieces of it. */
const VALUE_BYTES = 300_000;
const COUNT = 21;

async function start(t: TestContext) {
  const { url } = await startRedisServer(t);
  const redis = (await loadRedis(url)).connect();
  t.after(() => redis.disconnect());
  const writer = new RowsWriter(COLUMNS, 1);
  const values = Array.from({ length: COUNT }, (_, row) => [
    `user ${row}`,
    randomBytes(VALUE_BYTES / 2).toString('hex'),
  ]);
  for (const row of values) writer.add(row);
  const rows = writer.finish();
  const given = { redis, keyOf: (share: number) => `rows:${share}`, run: 'run', shares: SHARES, most: 100 };
  const put = new RowsInRedis({ ...given, token: 'of-us', identity: { rows, order: 'each', secrets: [] } });
  const fetch = (share: number, token = 'of-us') =>
    fetchRows(redis, `rows:${share}`, { run: 'run', share, columns: COLUMNS, token });
  return { redis, put, fetch, values, given };
}

test('rows come to the holder of their share as they were, and nobody else can read them', SKIP, async (t) => {
  const { redis, put, fetch, values } = await start(t);
  await put.put();
  for (let share = 0; share < SHARES; share++) {
    const rows = new Rows(await fetch(share));
    assert.equal(rows.count, put.mostOf(share));
    for (let row = 0; row < rows.count; row++) {
      const read = [0, 1].map((column) => Buffer.from(rows.value(row, column)).toString());
      assert.deepEqual(read, values[row * SHARES + share]);
    }
  }
  const pieces = await redis.hgetallBuffer('rows:0');
  assert.ok(Object.keys(pieces).length > 2);
  for (const piece of Object.values(pieces)) assert.ok(!piece.includes('user'));
  await assert.rejects(fetch(0, 'of-others'), { code: 'EFLEETTOKEN' });
  // A piece at another place is not taken.
  await redis.hset('rows:0', '1', pieces[2]!);
  await assert.rejects(fetch(0), { code: 'EFLEETPLAN' });
  await redis.hset('rows:0', '1', (await redis.hgetBuffer('rows:1', '1'))!);
  await assert.rejects(fetch(0), { code: 'EFLEETTOKEN' });
});

test('rows go when nobody wants them any more, and at the end', SKIP, async (t) => {
  const { redis, put, fetch } = await start(t);
  await put.put();
  await redis.pexpire('rows:1', 2000);
  await put.renew();
  assert.ok((await redis.pttl('rows:1')) > 30_000);
  await put.remove();
  assert.deepEqual(await redis.keys('rows*'), []);
  await assert.rejects(fetch(0), { code: 'EFLEETPLAN' });
});

test('rows without a token are refused', SKIP, async (t) => {
  const { given } = await start(t);
  const rows = new RowsWriter(COLUMNS, 1).finish();
  const identity = { rows, order: 'each', secrets: [] } as const;
  assert.throws(() => new RowsInRedis({ ...given, token: undefined, identity }), { code: 'EFLEETTOKEN' });
});
