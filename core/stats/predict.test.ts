import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitLevels } from './fit.ts';
import { studentReach } from './least-squares.ts';
import { type Line, lineAt, mostWithin, predictAt } from './predict.ts';
import { seededRandom } from './random.ts';

const lineOf = (more: Partial<Line> = {}): Line => ({
  fromOpen: 0,
  interceptBytes: 1e8,
  bytesPerConnection: 8000,
  residualBytes: 0,
  degrees: 8,
  points: 10,
  meanOpen: 5500,
  openSquares: 82_500_000,
  ...more,
});

test('a prediction worked out by hand', () => {
  // t(8) = 2.306; √(1 + 1/10 + 10000² ÷ 82.5e6) = √2.3121
  const { bytes, low, high } = predictAt(lineOf({ residualBytes: 100_000 }), 15_500);
  assert.equal(bytes, 2.24e8);
  assert.ok(Math.abs(high - bytes - 2.306 * 100_000 * Math.sqrt(1.1 + 1e8 / 82_500_000)) < 1e-3);
  assert.equal(bytes - low, high - bytes);
});

test('an interval of prediction holds what a further reading shows 19 times in 20', () => {
  const random = seededRandom(11);
  const noise = (): number => (random() + random() + random() - 1.5) * 200_000;
  let within = 0;
  const trials = 200;
  for (let trial = 0; trial < trials; trial++) {
    const points = Array.from({ length: 10 }, (_, i) => ({
      open: (i + 1) * 500,
      bytes: 4e7 + 2500 * (i + 1) * 1000 + noise(),
    }));
    const { low, high } = predictAt(fitLevels(points)!.lines.at(-1)!, 10_000);
    const next = 4e7 + 5000 * 10_000 + noise();
    if (low <= next && next <= high) within += 1;
  }
  assert.ok(within / trials >= 0.93 && within / trials < 0.995, String(within / trials));
});

test('the line at a number of connections is the last that has begun', () => {
  const lines = [lineOf(), lineOf({ fromOpen: 4000 })];
  assert.deepEqual(
    [0, 3999, 4000, 1e6].map((open) => lines.indexOf(lineAt(lines, open))),
    [0, 0, 1, 1],
  );
});

test('property: what fits most fits, and one more does not', () => {
  const slopes = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(slopes, fc.nat(1e6), fc.integer({ min: 0, max: 2e10 }), (bytesPerConnection, residualBytes, budget) => {
      const lines = [lineOf({ bytesPerConnection, residualBytes })];
      const most = mostWithin(lines, budget);
      const highAt = (open: number): number => predictAt(lines[0]!, open).high;
      if (most === null) assert.ok(highAt(2 ** 31 - 1) <= budget);
      else {
        assert.ok(most === 0 || highAt(most) <= budget);
        assert.ok(highAt(most + 1) > budget);
      }
    }),
    { numRuns: 200 },
  );
});

/** Budget, most connections. The step of 64 MB comes after 3,000. */
const stepped = [lineOf({ interceptBytes: 0 }), lineOf({ fromOpen: 3001, interceptBytes: 64e6 })];
const kneed = [
  lineOf({ interceptBytes: 0 }),
  lineOf({ fromOpen: 4000, interceptBytes: -32e6, bytesPerConnection: 16_000 }),
];
const MOST: ReadonlyArray<[string, readonly Line[], number, number | null]> = [
  ['beyond a step', stepped, 80e6 + 64e6, 10_000],
  ['in the middle of a step', stepped, 50e6, 3000],
  ['below a step', stepped, 8e6, 1000],
  ['above a knee', kneed, 128e6, 10_000],
  ['below a knee', kneed, 16e6, 2000],
  ['nothing', [lineOf()], 9e7, 0],
  ['a cost of 0', [lineOf({ bytesPerConnection: 0 })], 1e9, null],
];
for (const [name, lines, budget, most] of MOST) {
  test(`the most within a budget: ${name}`, () => assert.equal(mostWithin(lines, budget), most));
}

test('the reach of Student’s t is that of the tables, and goes on smoothly', () => {
  assert.deepEqual([1, 2, 8, 30].map(studentReach), [12.706, 4.303, 2.306, 2.042]);
  for (const [degrees, reach] of [
    [40, 2.021],
    [60, 2.0],
    [120, 1.98],
  ] as const) {
    assert.ok(Math.abs(studentReach(degrees) - reach) < 0.002);
  }
});
