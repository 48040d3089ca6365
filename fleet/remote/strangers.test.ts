/** Somebody else writes into the Redis of a fleet: nothing comes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUN_BY_HAND, startFleetByHand, TOKEN, version } from '../../test/support/fleet-by-hand.ts';
import { needs } from '../../test/support/needs.ts';
import { eventually } from '../../test/support/wait.ts';
import { WIRE_VERSION } from '../wire.ts';
import { sayAlive } from './conductor-key.ts';
import { ENTRY_FIELD, queueOf, type ShareEvent } from './messages.ts';
import { readOffers } from './offers.ts';
import { Reports } from './reports.ts';
import { toSpoken } from './said.ts';
import { signShare } from './share-plan.ts';

const SKIP = { skip: needs('redis-server') };
const DEADLINE_MS = 60_000;
const VOICE = { token: TOKEN, run: RUN_BY_HAND };
const GARBAGE = ['', 'null', '{', '[]', '{"wire":4}', 'ä'.repeat(50), `${'A'.repeat(43)} {}`];

test('jobs of strangers are left alone, and those of the fleet are held behind them', SKIP, async (t) => {
  const { startWorker, addShare, order, target, redis, keys, queue, events, planOfTarget } = await startFleetByHand(t);
  const worker = startWorker('one');
  await eventually(() => /waits for a share/.test(worker.stderr()), 'it waits', DEADLINE_MS);
  const plan = planOfTarget();
  const share = {
    wire: WIRE_VERSION,
    version,
    run: RUN_BY_HAND,
    epoch: 0,
    share: 0,
    shares: 1,
    capacity: 500,
    plan,
  } as const;
  const strange: unknown[] = [
    ...['x', 3, null, [], {}, { run: RUN_BY_HAND, share: 0 }, { ...share, plan: 'x', signature: '' }],
    signShare(share, undefined),
    signShare(share, 'another'),
    signShare({ ...share, version: '0.0.1' }, 'another'),
    { ...signShare(share, TOKEN), capacity: 1_000_000 },
  ];
  for (const data of strange) await queue.add('share', data);
  // What no queue of BullMQ writes.
  const own = `${keys.queuePrefix}:${queueOf(TOKEN)}`;
  await redis.hset(`${own}:broken`, 'name', 'share', 'data', '{', 'opts', '{}', 'timestamp', '1');
  await redis.lpush(`${own}:wait`, 'broken', 'nobody');
  await addShare();
  await order({ wanted: [10] });
  await eventually(() => target.sockets.size === 10, 'the real one is held', DEADLINE_MS);
  assert.deepEqual(
    worker.stderr().match(/^EFLEET.*$/gm),
    ['EFLEETTOKEN: a share of a run was not signed, and this worker has a token'],
    'told once, and no run of ours hears of it',
  );
  assert.deepEqual(
    (await events()).map(({ type }) => type),
    ['ready'],
  );
});

test('orders of strangers and of other runs change nothing, and are told once', SKIP, async (t) => {
  const { startWorker, addShare, order, orderOf, target, redis, keys } = await startFleetByHand(t);
  const worker = startWorker('one');
  const add = (text: string): Promise<unknown> => redis.xadd(keys.orders, '*', ENTRY_FIELD, text);
  await addShare();
  await order({ wanted: [10] });
  const [stop, tooMany] = [await orderOf({ wanted: [0], stop: true }), await orderOf({ wanted: [400] })];
  const foreign = [
    ...GARBAGE,
    JSON.stringify(stop),
    toSpoken(stop, 'order', { ...VOICE, token: 'another' }),
    toSpoken(stop, 'order', { ...VOICE, run: 'run-2' }),
    toSpoken(stop, 'event', VOICE),
    toSpoken(stop, 'order', VOICE).replace('"epoch":0', '"epoch":9'),
    toSpoken({ ...tooMany, more: 1 }, 'order', VOICE),
  ];
  // More than are read at once, behind the one that counts.
  for (let i = 0; i < 12; i++) for (const text of foreign) await add(text);
  await redis.xadd(keys.orders, '*', 'another', 'field');
  await eventually(() => target.sockets.size === 10, 'the newest of the conductor is in force', DEADLINE_MS);
  for (const text of foreign) await add(text);
  await order({ wanted: [20] });
  await eventually(() => target.sockets.size === 20, 'the next one, too', DEADLINE_MS);
  assert.equal(worker.stderr().match(/was not written by its conductor/g)?.length, 1, worker.stderr());
  // An order that was in force counts no second time.
  await add(toSpoken({ ...tooMany, seq: 1 }, 'order', VOICE));
  await order({ wanted: [30] });
  await eventually(() => target.sockets.size === 30, 'the newest one', DEADLINE_MS);
});

test('a run that was kept and is put back begins nothing: nobody conducts it', SKIP, async (t) => {
  const { startWorker, addShare, order, target, leave, offers, redis, keys } = await startFleetByHand(t);
  await leave();
  const worker = startWorker('one');
  // As it was said a minute ago, by the clock of Redis.
  const [seconds] = await redis.time();
  const put = (): Promise<void> =>
    sayAlive(redis, keys.conductor, { epoch: 0, beat: 1, atMs: (Number(seconds) - 60) * 1000 }, VOICE);
  await put();
  const again = setInterval(() => void put().catch(() => {}), 500);
  t.after(() => clearInterval(again));
  await addShare();
  await order({ wanted: [100] });
  await eventually(() => /holds share/.test(worker.stderr()), 'it is taken', DEADLINE_MS);
  await eventually(() => /is over: drained/.test(worker.stderr()), 'and given up', DEADLINE_MS);
  assert.equal(target.seen(), 0, 'nothing was opened');
  await eventually(async () => (await offers())[0]?.share === null, 'it waits for another', DEADLINE_MS);
});

test('reports and events of strangers are left out, and told once of each', SKIP, async (t) => {
  const { startWorker, addShare, order, report, redis, keys } = await startFleetByHand(t);
  startWorker('one');
  await addShare();
  await order({ wanted: [8] });
  await eventually(async () => (await report())?.tally.open === 8, '8 are open', DEADLINE_MS);
  const told: string[] = [];
  const events: ShareEvent[] = [];
  const reports = new Reports(2, redis, keys, VOICE, {
    onEvent: (event) => events.push(event),
    onMoved: () => told.push('moved'),
    onForeign: (what) => told.push(what),
  });
  const refused = { type: 'refused', share: 0, host: 'h', code: 'EDEFECT', sentence: 's' } as const;
  const [[, ready] = []] = await redis.xrange(keys.events, '-', '+');
  const strange = [...GARBAGE, JSON.stringify(refused), toSpoken(refused, 'event', { ...VOICE, run: 'x' }), ready![1]!];
  for (const text of strange) await redis.xadd(keys.events, '*', ENTRY_FIELD, text);
  const looks: string[] = [];
  const look = async (share: number, text: string): Promise<void> => {
    await redis.hset(keys.reports, { [share]: text, [`${share}:numbers`]: `1 ${looks.length} 0` });
    looks.push(text);
    await reports.look();
  };
  for (const text of GARBAGE) await look(1, text);
  const honest = (await report())!;
  const forged = { ...honest, number: honest.number + 1000, tally: { ...honest.tally, open: 400 } };
  const elsewhere = toSpoken(forged, 'report', { ...VOICE, run: 'x' });
  for (const text of [JSON.stringify(forged), elsewhere]) await look(1, text);
  await redis.hset(keys.reports, '1:numbers', 'no numbers');
  await reports.look();
  assert.deepEqual(
    events.map(({ type }) => type),
    ['ready'],
    'once, though it is there twice',
  );
  assert.deepEqual(told, ['event', 'report']);
  assert.equal(reports.sum.newest(0)?.tally.open, 8);
  assert.equal(reports.sum.newest(1), undefined);
  await reports.look();
  assert.deepEqual([told.length, events.length], [2, 1]);
});

test('a worker of another fleet is left out, with why', SKIP, async (t) => {
  const { startWorker, redis, keys, offers } = await startFleetByHand(t);
  startWorker('one');
  await eventually(async () => (await offers()).length === 1, 'it offers itself', DEADLINE_MS);
  const [offer] = await offers();
  const said = {
    copy: (await redis.hget(keys.workers, 'one'))!,
    'no-token': JSON.stringify(offer),
    another: toSpoken(offer!, 'offer', { token: 'another', run: '' }),
    older: toSpoken({ ...offer, worker: 'older', version: '0.0.1' }, 'offer', { ...VOICE, run: '' }),
    '\u001b[2J': '{',
  };
  await redis.hset(keys.workers, said);
  const nowMs = offer!.seenAtMs;
  const { fit, foreign } = await readOffers(redis, keys.workers, nowMs, { version, token: TOKEN });
  assert.deepEqual(
    fit.map(({ worker }) => worker),
    ['one'],
  );
  assert.deepEqual([...foreign].sort(), [
    '??2J (unreadable)',
    'another (it has another token)',
    'copy (another worker said it)',
    'no-token (it has no token)',
    'older (connrig 0.0.1)',
  ]);
  const without = await readOffers(redis, keys.workers, nowMs, { version, token: undefined });
  assert.ok(without.foreign.includes('one (it has a token)'), without.foreign.join(', '));
});
