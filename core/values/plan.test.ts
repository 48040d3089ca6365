import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  evenLevels,
  fillShare,
  peakOf,
  plannedAtMs,
  rampAt,
  rampMsOf,
  shareOf,
  warmUpBelow,
  warmUpRounds,
} from './plan.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const ascends = (numbers: readonly number[]): boolean => numbers.every((one, i) => i === 0 || one > numbers[i - 1]!);
const connections = fc.integer({ min: 1, max: 100_000_000 });
const perSecond = fc.double({ min: 0.001, max: 1e6, noNaN: true });

const EVEN: ReadonlyArray<[number, number, readonly number[]]> = [
  [5000, 10, [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000]],
  [10, 3, [3, 7, 10]],
  [2, 10, [1, 2]],
  [1, 10, [1]],
  [7, 1, [7]],
];
for (const [top, count, levels] of EVEN) {
  test(`${count} even levels up to ${top}`, () => assert.deepEqual(evenLevels(top, count), levels));
}

test('property: even levels ascend, are whole, end at the top, and lie evenly', () => {
  fc.assert(
    fc.property(connections, fc.integer({ min: 1, max: 1000 }), (top, count) => {
      const levels = evenLevels(top, count);
      assert.ok(ascends(levels) && levels.every((level) => Number.isInteger(level) && level > 0));
      assert.equal(levels.at(-1), top);
      if (top < count) return;
      assert.equal(levels.length, count);
      for (const [i, level] of levels.entries()) assert.ok(Math.abs(level - (top * (i + 1)) / count) <= 0.5);
    }),
  );
});

test('property: a warm-up lies below the first level, at most half of it and at most 500', () => {
  fc.assert(
    fc.property(connections, fc.integer({ min: 1, max: 100 }), (top, count) => {
      const [first = 0] = evenLevels(top, count);
      const warmUp = warmUpBelow(evenLevels(top, count));
      assert.ok(Number.isInteger(warmUp) && warmUp >= 0 && warmUp <= 500 && warmUp <= first / 2);
    }),
  );
  assert.deepEqual([warmUpBelow([]), warmUpBelow([1]), warmUpBelow([2]), warmUpBelow([5000])], [0, 0, 1, 500]);
});

const RAMP: ReadonlyArray<[number, number, number, number, number]> = [
  [0, 100, 1000, 0, 0],
  [0, 100, 1000, 0.999, 0],
  [0, 100, 1000, 1, 1],
  [0, 100, 1000, 50.5, 50],
  [0, 100, 1000, 1e9, 100],
  [0, 100, 1000, -5, 0],
  [100, 0, 1000, 1, 99],
  [100, 0, 1000, 1e9, 0],
  [70, 70, 1000, 10, 70],
  [10, 20, 0.5, 4000, 12],
];
for (const [from, to, rate, elapsedMs, open] of RAMP) {
  test(`from ${from} to ${to} at ${rate}/s: ${open} after ${elapsedMs} ms`, () => {
    assert.equal(rampAt(from, to, rate, elapsedMs), open);
  });
}

test('property: a ramp is monotone, whole and stays between its ends', () => {
  const anyMs = fc.double({ min: -1e3, max: 1e8, noNaN: true });
  fc.assert(
    fc.property(fc.nat(1e8), fc.nat(1e8), perSecond, anyMs, anyMs, (from, to, rate, a, b) => {
      const [early, late] = [Math.min(a, b), Math.max(a, b)].map((ms) => rampAt(from, to, rate, ms)) as [
        number,
        number,
      ];
      assert.ok(Number.isInteger(early) && early >= Math.min(from, to) && early <= Math.max(from, to));
      assert.ok(to >= from ? late >= early : late <= early);
    }),
  );
});

test('property: number i of a ramp is planned for the moment at which the ramp calls for i + 1', () => {
  fc.assert(
    fc.property(fc.nat(1e6), perSecond, (index, rate) => {
      const atMs = plannedAtMs(index, rate);
      const slack = atMs * 1e-12;
      assert.equal(rampAt(0, 1e8, rate, atMs + slack), index + 1);
      assert.equal(rampAt(0, 1e8, rate, atMs - slack), index);
      assert.ok(plannedAtMs(index + 1, rate) > atMs);
    }),
  );
});

test('property: shares sum to the whole and differ by at most 1', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 300 }), (total, parts) => {
      const shares = Array.from({ length: parts }, (_, i) => shareOf(total, i, parts));
      assert.equal(sum(shares), total);
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1 && Math.min(...shares) >= 0);
    }),
  );
});

test('a leg knows its peak and how long its ramps take', () => {
  const leg = { protocol: 'tcp', warmUp: 500, levels: [1000, 2500], connectsPerSecond: 1000, cycles: 1 } as const;
  assert.deepEqual([peakOf(leg), rampMsOf(leg)], [2500, 4500]);
  assert.equal(peakOf({ ...leg, levels: [] }), 0);
});

test('fillShare: shares sum to the target, lanes fill side by side, nobody holds more than its place', () => {
  const layouts = fc
    .record({ workers: fc.integer({ min: 1, max: 60 }), capacity: fc.integer({ min: 1, max: 2_000_000 }) })
    .chain(({ workers, capacity }) =>
      fc.record({
        workers: fc.constant(workers),
        capacity: fc.constant(capacity),
        lanes: fc.integer({ min: 1, max: workers }),
        target: fc.integer({ min: 0, max: capacity }),
      }),
    );
  fc.assert(
    fc.property(layouts, ({ workers, capacity, lanes, target }) => {
      const fills = Array.from({ length: workers }, (_, i) => fillShare(target, capacity, i, workers, lanes));
      assert.equal(
        fills.reduce((sum, { share }) => sum + share, 0),
        target,
      );
      for (const { share } of fills) assert.ok(share >= 0 && share <= Math.ceil(capacity / workers) + lanes);
      // In a lane a worker only begins when the one before it is full.
      const full = Math.max(...fills.map(({ share }) => share));
      for (const [i, { before }] of fills.entries()) {
        if (before > 0 && fills[i]!.share > 0) assert.ok(fills[i - 1]!.share >= full - 1);
      }
    }),
  );
});

test('fillShare: with as many lanes as workers it is shareOf; with one lane the first worker fills first', () => {
  for (let i = 0; i < 7; i++) {
    assert.deepEqual(fillShare(1000, 5000, i, 7, 7), { share: shareOf(1000, i, 7), before: 0 });
  }
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => fillShare(1500, 4000, i, 4, 1)),
    [
      { share: 1000, before: 0 },
      { share: 500, before: 1000 },
      { share: 0, before: 1500 },
      { share: 0, before: 1500 },
    ],
  );
});

test('a warm-up goes on until each process has seen many, but never opens more than the climb', () => {
  const leg = { protocol: 'tcp', warmUp: 500, levels: [1000, 10_000], connectsPerSecond: 2000, cycles: 1 } as const;
  assert.equal(warmUpRounds(leg, 1, true), 4);
  assert.equal(warmUpRounds(leg, 3, true), 12);
  assert.equal(warmUpRounds(leg, 8, true), 20);
  assert.equal(warmUpRounds(leg, 8, false), 4, 'ports in TIME_WAIT are lost to the climb');
  assert.equal(warmUpRounds({ ...leg, warmUp: 50, levels: [100, 120] }, 1, true), 2);
  assert.equal(warmUpRounds({ ...leg, warmUp: 10 }, 1, true), 20, 'each round takes its time');
  assert.equal(warmUpRounds({ ...leg, warmUp: 0, levels: [1] }, 1, true), 1);
  assert.equal(warmUpRounds({ ...leg, levels: [1000, 1_000_000] }, 60, true), 20);
});
