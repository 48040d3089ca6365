import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from './random.ts';
import {
  type DrainPoint,
  isLeak,
  type Keeping,
  type Kept,
  keepingOf,
  retainedInUserSpace,
  retainedOver,
} from './retained.ts';

const HYSTERESIS_BYTES = 20e6;
/** The baseline, then drains: the first keeps what the allocator doesn't give back, each leaks `bytesEach`. */
function drains(cycles: number, bytesEach: number, noiseBytes = 0, seed = 1): DrainPoint[] {
  const random = seededRandom(seed);
  return Array.from({ length: cycles + 1 }, (_, cycle) => {
    const closedConnections = cycle * 5000;
    const kept = cycle === 0 ? 0 : HYSTERESIS_BYTES;
    const bytes = 4e7 + kept + bytesEach * closedConnections + (2 * random() - 1) * noiseBytes;
    return { closedConnections, bytes };
  });
}

test('an exact leak comes out exactly, without the hysteresis of the first climb', () => {
  for (const cycles of [2, 3, 5]) {
    const { bytesPerClosedConnection, low, high } = retainedOver(drains(cycles, 1024))!;
    assert.equal(bytesPerClosedConnection, 1024);
    assert.equal(low === null && high === null, cycles < 3);
    assert.equal(isLeak({ low }), cycles >= 3);
  }
});

test('a leak of 1,024 bytes a connection in noise of 100 KiB is called one', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const { bytesPerClosedConnection, low, high } = retainedOver(drains(6, 1024, 100 * 1024, seed))!;
    assert.ok(Math.abs(bytesPerClosedConnection - 1024) < 20);
    assert.ok(isLeak({ low }) && low! <= bytesPerClosedConnection && bytesPerClosedConnection <= high!);
  }
});

for (const cycles of [3, 4, 6, 10]) {
  test(`property: without a leak the interval over ${cycles} cycles contains 0, 19 times in 20`, () => {
    const seeds = Array.from({ length: 1000 }, (_, i) => i + 1);
    for (const noiseBytes of [20 * 1024, 200 * 1024]) {
      const within = seeds.filter((seed) => {
        const { low, high } = retainedOver(drains(cycles, 0, noiseBytes, seed))!;
        return low! <= 0 && 0 <= high!;
      });
      assert.ok(within.length >= 950, `${within.length} of 1000 with noise of ${noiseBytes} bytes`);
    }
  });
}

test('one cycle can only say what it left, hysteresis included; none says nothing', () => {
  assert.deepEqual(retainedOver(drains(1, 1000)), { bytesPerClosedConnection: 5000, low: null, high: null });
  assert.equal(retainedOver(drains(0, 1000)), undefined);
  assert.equal(retainedOver([]), undefined);
  assert.equal(retainedOver(drains(1, 1000).map((drain) => ({ ...drain, closedConnections: 0 }))), undefined);
});

test('memory that shrinks from cycle to cycle is no leak', () => {
  const shrinking = retainedOver(drains(5, -500))!;
  assert.ok(shrinking.high! < 0 && !isLeak(shrinking));
});

const KIB = 1024;
/** Drains in KiB after each cycle of 600 connections. */
const inKib = (...kib: number[]) => kib.map((bytes, cycle) => ({ closedConnections: 600 * cycle, bytes: bytes * KIB }));
/** As they were read of Go's net/http, and of a server that leaks 2 KiB and keeps as much for the next. */
const LEVELLING: ReadonlyArray<[string, DrainPoint[], boolean]> = [
  ['that levels out', inKib(4904, 13_928, 14_864, 15_620), false],
  ['that levels out, a cycle later', inKib(4960, 13_976, 14_648, 15_644, 17_204), false],
  ['of a leak below what is kept', inKib(5000, 7400, 8600, 9800), true],
  ['of a leak alone', inKib(5000, 6200, 7400, 8600), true],
];
for (const [name, read, wanted] of LEVELLING) {
  test(`growth in user space ${name}: ${wanted ? 'a leak' : 'no leak'}`, () =>
    assert.equal(isLeak(retainedInUserSpace(read)!), wanted));
}

const none = { bytesPerClosedConnection: 0, low: -1, high: 1 };
const grows = { bytesPerClosedConnection: 100, low: 50, high: 150 };
const early = (bytesPerClosedConnection: number) => ({ bytesPerClosedConnection, low: null, high: null });
const filesOf = (perClosedConnection: number, low: number | null) => ({ perClosedConnection, low });
/** What was kept, what a connection costs in user space, how many were closed at first. */
const KEEPINGS: ReadonlyArray<[string, Kept, number | null, number, Keeping]> = [
  ['nothing', { ...none, kernel: none, files: filesOf(0, -1), firstCycleBytes: 0 }, 5000, 1000, 'nothing'],
  ['growth in user space', { ...grows, kernel: none, files: null, firstCycleBytes: 0 }, 5000, 1000, 'leak'],
  ['growth in the kernel', { ...none, kernel: grows, files: null, firstCycleBytes: 0 }, 5000, 1000, 'leak'],
  ['growing descriptors', { ...none, kernel: null, files: filesOf(1, 0.9), firstCycleBytes: 0 }, 5000, 1000, 'leak'],
  [
    'descriptors so far',
    { ...early(9), kernel: null, files: filesOf(1, null), firstCycleBytes: 9 },
    5000,
    1000,
    'perhaps-leak',
  ],
  ['a pool of them', { ...none, kernel: none, files: filesOf(0, -0.1), firstCycleBytes: 0 }, 5000, 1000, 'nothing'],
  [
    'much of the cost',
    { ...early(4000), kernel: null, files: null, firstCycleBytes: 4000 },
    5000,
    1000,
    'perhaps-kept',
  ],
  ['little of it', { ...early(400), kernel: null, files: null, firstCycleBytes: 400 }, 5000, 1000, 'nothing'],
  ['much of it from few', { ...early(4000), kernel: null, files: null, firstCycleBytes: 4000 }, 5000, 20, 'nothing'],
  ['what was taken up again', { ...none, kernel: none, files: null, firstCycleBytes: 4000 }, 5000, 1000, 'used-again'],
  [
    'as much, of an unknown cost',
    { ...none, kernel: none, files: null, firstCycleBytes: 4000 },
    null,
    1000,
    'used-again',
  ],
];
for (const [name, kept, userBytes, closed, wanted] of KEEPINGS) {
  test(`keeping of ${name}: ${wanted}`, () => assert.equal(keepingOf(kept, userBytes, closed), wanted));
}
