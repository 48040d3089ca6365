/** A fleet whose Redis is away: for one worker, for a moment, or with all that was in it. Each host is a network namespace of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertWentThrough, phaseOf, readEvents } from '../support/connrig.ts';
import { ELSEWHERE } from '../support/elsewhere.ts';
import {
  endAll,
  FLEET_WINDOW,
  LONG_LOCK,
  levelsHeld,
  moves,
  SHORT_LOCK,
  startFleetOfHosts,
} from '../support/fleet-of-hosts.ts';
import { needs } from '../support/needs.ts';
import { eventually } from '../support/wait.ts';

const OPTIONS = { timeout: 300_000, skip: ELSEWHERE.skip || needs('ip', 'redis-server') };
const RUN = ['--fleet-workers', '2', '--connections', '400', '--levels', '2', '--rate', '200/s'];

const redisBack = (folder: string): boolean[] =>
  readEvents(folder).flatMap((event) => (event.type === 'redis-back' ? [event.isEmpty] : []));

test('a worker that is cut off from Redis lets go before another one begins', OPTIONS, async (t) => {
  const fleet = await startFleetOfHosts(t, { workers: ['one', 'two', 'three'], lock: SHORT_LOCK });
  const { hosts, workers, target, startRun } = fleet;
  const { run, folder } = startRun([...RUN, '--rest', '4s']);
  await phaseOf(run, folder, 'settle', 200);
  const names = ['one', 'two', 'three'] as const;
  const cut = names.find((name) => target.held()[hosts[name].ip] === 100)!;
  const spare = names.find((name) => target.held()[hosts[name].ip] === undefined)!;
  hosts[cut].cut(hosts.redis);
  // By the time that another one has any, the first has none: its own network to the target is whole.
  await eventually(() => (target.held()[hosts[spare].ip] ?? 0) > 0, 'the spare one begins', 60_000);
  assert.equal(target.held()[hosts[cut].ip], undefined);
  assert.ok(target.most() <= 200 + FLEET_WINDOW);
  hosts[cut].mend(hosts.redis);
  const ended = await run.ended;
  assertWentThrough(ended);
  assert.deepEqual(levelsHeld(folder), [200, 400]);
  assert.ok(moves(folder).includes(`${cut} > ${spare}`), moves(folder).join());
  assert.ok(target.most() <= 400 + FLEET_WINDOW);
  await endAll(fleet, Object.values(workers));
});

test('Redis is started again: with its data it is a note, without them all begins anew', OPTIONS, async (t) => {
  const fleet = await startFleetOfHosts(t, { workers: ['one', 'two'], lock: LONG_LOCK, redisKeeps: true });
  const { workers, target, redis, startRun } = fleet;
  const { run, folder } = startRun([...RUN, '--rest', '5s']);
  await phaseOf(run, folder, 'settle', 200);
  await redis.stop();
  await redis.start('with-data');
  await eventually(() => redisBack(folder).length === 1, 'the note');
  await phaseOf(run, folder, 'settle', 400);
  assert.deepEqual(moves(folder), []);
  assert.equal(target.count(), 400, 'none of the connections was lost');
  await redis.stop();
  await redis.start('empty');
  await eventually(() => moves(folder).length === 2, 'both shares are held anew', 90_000);
  const ended = await run.ended;
  assertWentThrough(ended);
  assert.deepEqual(redisBack(folder), [false, true]);
  assert.deepEqual(levelsHeld(folder), [200, 400]);
  assert.match(ended.stderr, /without its data; all shares were added anew/);
  assert.ok(target.most() <= 400 + FLEET_WINDOW);
  await endAll(fleet, Object.values(workers));
});
