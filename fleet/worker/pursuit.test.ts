import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pursuit } from './pursuit.ts';

const START_MS = 5000;
const pursuit = (from: number, to: number, perSecond: number): Pursuit => {
  const one = new Pursuit();
  one.aim(from, to, perSecond, START_MS);
  return one;
};
/** Takes what is due beyond those alive. */
const takeDue = (one: Pursuit, nowMs: number, alive: number): Array<number | undefined> =>
  Array.from({ length: Math.max(0, one.dueAt(nowMs) - alive) }, () => one.take(nowMs));
/** Takes as long as there is something to take: all are lost, over and over. */
const takeAll = (one: Pursuit, nowMs: number): number[] => {
  const planned: number[] = [];
  for (let at = one.take(nowMs); at !== undefined && planned.length < 1e6; at = one.take(nowMs)) planned.push(at);
  return planned;
};

test('before it is aimed, nothing is due', () => {
  assert.equal(new Pursuit().dueAt(1e9), 0);
  assert.equal(new Pursuit().nextInMs(0), Number.POSITIVE_INFINITY);
});

for (const [from, to, afterMs, due, nextInMs] of [
  [0, 10, 0, 0, 10],
  [0, 10, 9, 0, 1],
  [0, 10, 10, 1, 10],
  [0, 10, 25, 2, 5],
  [0, 10, 1e6, 10, Number.POSITIVE_INFINITY],
  [5, 7, 10, 6, 10],
  [7, 5, 10, 6, 10],
  [7, 7, 10, 7, Number.POSITIVE_INFINITY],
  [7, 0, 1e6, 0, Number.POSITIVE_INFINITY],
] as const) {
  test(`from ${from} to ${to} at 100/s, after ${afterMs} ms: ${due} due, the next in ${nextInMs} ms`, () => {
    const one = pursuit(from, to, 100);
    assert.equal(one.dueAt(START_MS + afterMs), due);
    assert.equal(one.nextInMs(START_MS + afterMs), nextInMs);
  });
}

test('each connection of a ramp is taken once, with the moment it was planned for', () => {
  const one = pursuit(3, 6, 100);
  assert.deepEqual(takeDue(one, START_MS + 25, 3), [5010, 5020]);
  assert.deepEqual(takeDue(one, START_MS + 25, 5), []);
  assert.deepEqual(takeDue(one, START_MS + 1000, 5), [5030]);
});

test('replacements come at the pace of the ramp, and never more than 100 ms of it at once', () => {
  const one = pursuit(0, 10, 1000);
  takeAll(one, START_MS + 10);
  const late = takeAll(one, START_MS + 60_000);
  assert.equal(late.length, 100);
  assert.ok(late.every((at) => at === START_MS + 60_000));
  assert.equal(takeAll(one, START_MS + 60_000).length, 0);
  assert.equal(takeAll(one, START_MS + 60_005).length, 5);
});

test('at a slow pace one replacement may always wait for its turn', () => {
  const one = pursuit(0, 0, 0.5);
  assert.equal(one.take(START_MS + 1999), undefined);
  assert.equal(one.take(START_MS + 2000), START_MS + 2000);
  assert.equal(one.take(START_MS + 3000), undefined);
});

test('a new aim forgets what was taken', () => {
  const one = pursuit(0, 5, 1000);
  assert.equal(takeDue(one, START_MS + 5, 0).length, 5);
  one.aim(5, 8, 1000, START_MS + 100);
  assert.deepEqual(takeDue(one, START_MS + 101.5, 5), [START_MS + 101]);
});

const ramps = fc.record({
  from: fc.nat(1000),
  to: fc.nat(1000),
  perSecond: fc.double({ min: 0.1, max: 10_000, noNaN: true }),
});
const pauses = fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 1, maxLength: 30 });

test('property: a ramp takes what is due and no more, in the order of its planned moments, none in the future', () => {
  fc.assert(
    fc.property(ramps, pauses, ({ from, to, perSecond }, waits) => {
      const one = pursuit(from, to, perSecond);
      let nowMs = START_MS;
      let alive = from;
      let last = START_MS;
      for (const waitMs of waits) {
        nowMs += waitMs;
        const due = one.dueAt(nowMs);
        assert.ok(due >= Math.min(from, to) && due <= Math.max(from, to));
        while (alive < due) {
          const planned = one.take(nowMs)!;
          assert.ok(planned > last && planned <= nowMs + 1e-6, `${last} < ${planned} <= ${nowMs}`);
          last = planned;
          alive += 1;
        }
        const nextMs = one.nextInMs(nowMs);
        assert.ok(nextMs >= 0);
        if (Number.isFinite(nextMs)) assert.notEqual(one.dueAt(nowMs + nextMs + 1e-6), due);
        else assert.equal(due, to);
      }
    }),
  );
});

test('property: with everything lost at once, replacements keep to the pace', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 10_000, noNaN: true }), pauses, (perSecond, waits) => {
      const one = pursuit(1000, 1000, perSecond);
      let nowMs = START_MS;
      let taken = 0;
      for (const waitMs of waits) {
        nowMs += waitMs;
        const now = takeAll(one, nowMs).length;
        taken += now;
        assert.ok(now <= Math.max(1, perSecond / 10));
        assert.ok(taken <= ((nowMs - START_MS) * perSecond) / 1000 + 1e-6);
      }
    }),
  );
});
