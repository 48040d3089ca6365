import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RigError } from '../../core/errors.ts';
import { untilAccepted } from './accepted.ts';

/** Says these one after the other, then the last one for ever. */
const scripted = (numbers: ReadonlyArray<number | null>) => {
  let i = 0;
  return async () => numbers[Math.min(i++, numbers.length - 1)]!;
};
const look = async (): Promise<void> => {};
const common = { url: 'tcp://h:1', level: 400, timeoutMs: 100, look };
const errorOf = (numbers: readonly number[]): Promise<unknown> =>
  untilAccepted({ ...common, waiting: scripted(numbers) }).catch((error: unknown) => error);

test('a level is whole once nothing waits to be accepted, and at once where that can not be told', async () => {
  assert.ok((await untilAccepted({ ...common, waiting: scripted([0]) })) < 50);
  assert.ok((await untilAccepted({ ...common, waiting: scripted([null]) })) < 50);
  let asked = 0;
  const waiting = async () => (++asked < 4 ? 400 - asked : 0);
  assert.ok((await untilAccepted({ ...common, waiting })) >= 55);
  assert.equal(asked, 4);
});

test('a target that accepts some all the time gets all the time it takes', async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => 200 - 10 * i);
  assert.ok((await untilAccepted({ ...common, waiting: scripted([...numbers, 0]) })) > common.timeoutMs);
});

test('a target that accepts no more is full; one that has accepted none has timed out', async () => {
  const full = await errorOf([399, 150, 150, 160]);
  assert.ok(full instanceof RigError);
  assert.deepEqual([full.code, full.exitCode], ['ETARGETFULL', 4]);
  assert.match(
    full.message,
    /^tcp:\/\/h:1 stopped accepting at 2[45]0 open connections: 1[56]0 more wait in its queue/,
  );
  const deaf = await errorOf([400]);
  assert.ok(deaf instanceof RigError);
  assert.deepEqual([deaf.code, deaf.exitCode], ['ETIMEDOUT', 4]);
  assert.match(deaf.message, /^tcp:\/\/h:1 has accepted none of 400 connections for 100 ms$/);
  assert.match(deaf.hint, /--open-timeout/);
});

test('what ends a leg ends the wait', async () => {
  const lost = new Error('the target died');
  const waiting = untilAccepted({ ...common, waiting: scripted([5]), look: () => Promise.reject(lost) });
  await assert.rejects(waiting, lost);
});
