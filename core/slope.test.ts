import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from './random.ts';
import { fitLine, type LevelPoint, median, theilSen } from './slope.ts';

const opens = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 3, maxLength: 20 });
const wholeSlope = fc.integer({ min: -10_000, max: 100_000 });
const baseline = fc.integer({ min: 1, max: 2 ** 40 });
const line = (open: readonly number[], slope: number, from: number): LevelPoint[] =>
  open.map((one) => ({ open: one, bytes: from + slope * one }));

test('property: an exact line comes out exactly, with an interval of no width', () => {
  fc.assert(
    fc.property(opens, wholeSlope, baseline, (open, slope, from) => {
      const fit = fitLine(line(open, slope, from))!;
      assert.deepEqual(fit.slope, { bytes: slope, low: slope, high: slope });
      assert.equal(fit.interceptBytes, from);
      assert.equal(fit.rSquared, 1);
      const top = from + slope * Math.max(...open);
      if (open.length === 3 || top === 0) assert.equal(fit.holdoutErrorPercent, null);
      else assert.equal(Math.abs(fit.holdoutErrorPercent!), 0);
    }),
    { numRuns: 50 },
  );
});

test('property: one outlier among ten levels does not move the slope', () => {
  const open = Array.from({ length: 10 }, (_, i) => (i + 1) * 500);
  fc.assert(
    fc.property(wholeSlope, baseline, fc.nat(9), fc.integer({ min: -1e9, max: 1e9 }), (slope, from, at, off) => {
      const points = line(open, slope, from).map((p, i) => (i === at ? { ...p, bytes: p.bytes + off } : p));
      assert.equal(theilSen(points), slope);
      assert.equal(fitLine(points)!.slope.bytes, slope);
    }),
    { numRuns: 50 },
  );
});

const anyPoints = fc.array(fc.record({ open: fc.nat(100), bytes: fc.integer({ min: 0, max: 1e9 }) }), {
  maxLength: 15,
});

test('property: the interval contains the slope, and nothing is NaN', () => {
  fc.assert(
    fc.property(anyPoints, (points) => {
      const fit = fitLine(points);
      if (fit === undefined) return;
      const { bytes, low, high } = fit.slope;
      assert.ok(low <= bytes && bytes <= high);
      assert.ok([bytes, low, high, fit.interceptBytes, fit.rSquared].every(Number.isFinite));
      assert.ok(fit.rSquared <= 1 && (fit.holdoutErrorPercent === null || Number.isFinite(fit.holdoutErrorPercent)));
    }),
    { numRuns: 50 },
  );
});

test('property: below three distinct levels there is no fit, from three on there is', () => {
  fc.assert(
    fc.property(anyPoints, (points) => {
      const levels = new Set(points.map(({ open }) => open)).size;
      assert.equal(fitLine(points) === undefined, levels < 3);
    }),
    { numRuns: 50 },
  );
});

test('property: the same points give the same fit, in any order the same slope', () => {
  fc.assert(
    fc.property(
      opens.chain((open) => fc.shuffledSubarray(open, { minLength: 3 })),
      fc.nat(9999),
      (open, noise) => {
        const random = seededRandom(noise);
        const points = open.map((one) => ({ open: one, bytes: Math.round(1e7 + 5000 * one + random() * 1e6) }));
        assert.deepEqual(fitLine(points), fitLine(points));
        const turned = fitLine(points.toReversed())!;
        assert.equal(turned.slope.bytes, fitLine(points)!.slope.bytes);
      },
    ),
    { numRuns: 30 },
  );
});

test('a noisy line: the interval covers the true cost and says how unsure it is', () => {
  const random = seededRandom(7);
  const points = Array.from({ length: 10 }, (_, i) => {
    const open = (i + 1) * 500;
    return { open, bytes: 4e7 + 5000 * open + (random() - 0.5) * 200_000 };
  });
  const { slope, rSquared, holdoutErrorPercent } = fitLine(points)!;
  assert.ok(slope.low <= 5000 && slope.high >= 5000 && slope.high - slope.low < 200);
  assert.ok(Math.abs(slope.bytes - 5000) < 50);
  assert.ok(rSquared > 0.999 && rSquared < 1);
  assert.ok(Math.abs(holdoutErrorPercent!) < 0.5);
});

test('the hold-out error is signed: a top level dearer than the line is predicted too low', () => {
  const points = line([1000, 2000, 3000, 4000], 1000, 0);
  const bent = points.map((point) => (point.open === 4000 ? { ...point, bytes: 5_000_000 } : point));
  assert.equal(fitLine(bent)!.holdoutErrorPercent, -20);
});

for (const [values, middle] of [
  [[3], 3],
  [[5, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
] as const) {
  test(`the median of ${values} is ${middle}`, () => assert.equal(median(values), middle));
}
test('no values have no median, and no pair has no slope', () => {
  assert.ok(Number.isNaN(median([])));
  assert.equal(theilSen([]), undefined);
  assert.equal(
    theilSen([
      { open: 5, bytes: 1 },
      { open: 5, bytes: 9 },
    ]),
    undefined,
  );
});

test('seeded random numbers are the same each time, uniform, and in [0, 1)', () => {
  const draw = (seed: number): number[] => Array.from({ length: 10_000 }, seededRandom(seed));
  const numbers = draw(1);
  assert.deepEqual(draw(1), numbers);
  assert.notDeepEqual(draw(2), numbers);
  assert.ok(numbers.every((one) => one >= 0 && one < 1));
  const tenths = new Array(10).fill(0);
  for (const one of numbers) tenths[Math.floor(one * 10)] += 1;
  assert.ok(
    tenths.every((count) => count > 850 && count < 1150),
    String(tenths),
  );
});
