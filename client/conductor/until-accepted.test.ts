import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Taken } from '../../core/ledger/taken.ts';
import { RigError } from '../../core/values/errors.ts';
import { untilAccepted } from './until-accepted.ts';

const LEVEL = 400;
const of = (connections: number, queued = 0): Taken => ({ connections, queued, requests: 0, by: 'sockets' });
/** Says these one after the other, then the last one for ever. */
const scripted = (answers: ReadonlyArray<Taken | null>) => {
  let i = 0;
  return async () => answers[Math.min(i++, answers.length - 1)]!;
};
const common = {
  level: LEVEL,
  timeoutMs: 100,
  look: async (): Promise<void> => {},
  causeOf: async ({ connections, queued }: Taken) =>
    new RigError('ETARGETFULL', `${connections} and ${queued}`, { hint: 'none' }),
};

test('a level is whole once the target has all of it, and at once where that can not be told', async () => {
  assert.ok((await untilAccepted({ ...common, taken: scripted([of(LEVEL)]) })) < 50);
  assert.ok((await untilAccepted({ ...common, taken: scripted([null]) })) < 50);
  let asked = 0;
  const taken = async () => (++asked < 4 ? of(asked, LEVEL - asked) : of(LEVEL));
  assert.ok((await untilAccepted({ ...common, taken })) >= 55);
  assert.equal(asked, 4);
});

test('an empty queue is not all: connections that only the client has are waited for', async () => {
  let asked = 0;
  const taken = async () => (++asked < 3 ? of(93) : of(LEVEL));
  assert.ok((await untilAccepted({ ...common, taken })) >= 35);
});

test('a target that takes some all the time gets all the time it takes, be it out of its queue or from requests', async () => {
  for (const steps of [
    Array.from({ length: 20 }, (_, i) => of(0, 200 - 10 * i)),
    Array.from({ length: 20 }, (_, i) => of(10 * i)),
  ]) {
    assert.ok((await untilAccepted({ ...common, taken: scripted([...steps, of(LEVEL)]) })) > common.timeoutMs);
  }
});

test('a target that takes no more ends the wait, with what it has at the end', async () => {
  const taken = scripted([of(1, 399), of(250, 150), of(250, 150), of(250, 160)]);
  await assert.rejects(
    untilAccepted({ ...common, taken }),
    (error) => error instanceof RigError && error.message === '250 and 160',
  );
});

test('what ends a leg ends the wait', async () => {
  const lost = new Error('the target died');
  const waiting = untilAccepted({ ...common, taken: scripted([of(5)]), look: () => Promise.reject(lost) });
  await assert.rejects(waiting, lost);
});
