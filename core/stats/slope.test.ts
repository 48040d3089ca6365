import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from './random.ts';
import { type LevelPoint, median, slopeOf, theilSen } from './slope.ts';

const opens = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 3, maxLength: 20 });
const wholeSlope = fc.integer({ min: -10_000, max: 100_000 });
const baseline = fc.integer({ min: 1, max: 2 ** 40 });
const line = (open: readonly number[], slope: number, from: number): LevelPoint[] =>
  open.map((one) => ({ open: one, bytes: from + slope * one }));

test('property: an exact line comes out exactly, with an interval of no width', () => {
  fc.assert(
    fc.property(opens, wholeSlope, baseline, (open, slope, from) => {
      assert.deepEqual(slopeOf([line(open, slope, from)]), { bytes: slope, low: slope, high: slope });
    }),
    { numRuns: 50 },
  );
});

test('property: groups of one slope, with any jump between them, come out exactly', () => {
  fc.assert(
    fc.property(
      opens,
      wholeSlope,
      baseline,
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.nat(),
      (open, slope, from, jump, cut) => {
        const sorted = open.toSorted((a, b) => a - b);
        const at = 2 + (cut % (sorted.length - 2));
        const groups = [line(sorted.slice(0, at), slope, from), line(sorted.slice(at), slope, from + jump)];
        assert.deepEqual(slopeOf(groups), { bytes: slope, low: slope, high: slope });
      },
    ),
    { numRuns: 50 },
  );
});

test('property: one outlier among ten levels does not move the slope', () => {
  const open = Array.from({ length: 10 }, (_, i) => (i + 1) * 500);
  fc.assert(
    fc.property(wholeSlope, baseline, fc.nat(9), fc.integer({ min: -1e9, max: 1e9 }), (slope, from, at, off) => {
      const points = line(open, slope, from).map((p, i) => (i === at ? { ...p, bytes: p.bytes + off } : p));
      assert.equal(theilSen(points), slope);
      assert.equal(slopeOf([points])!.bytes, slope);
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
      const slope = slopeOf([points]);
      if (slope === undefined) return;
      const { bytes, low, high } = slope;
      assert.ok(low <= bytes && bytes <= high);
      assert.ok([bytes, low, high].every(Number.isFinite));
    }),
    { numRuns: 50 },
  );
});

test('property: below three distinct levels there is no slope, from three on there is', () => {
  fc.assert(
    fc.property(anyPoints, (points) => {
      const levels = new Set(points.map(({ open }) => open)).size;
      assert.equal(slopeOf([points]) === undefined, levels < 3);
    }),
    { numRuns: 50 },
  );
});

test('property: the same points give the same slope, in any order', () => {
  fc.assert(
    fc.property(
      opens.chain((open) => fc.shuffledSubarray(open, { minLength: 3 })),
      fc.nat(9999),
      (open, noise) => {
        const random = seededRandom(noise);
        const points = open.map((one) => ({ open: one, bytes: Math.round(1e7 + 5000 * one + random() * 1e6) }));
        assert.deepEqual(slopeOf([points]), slopeOf([points]));
        assert.equal(slopeOf([points.toReversed()])!.bytes, slopeOf([points])!.bytes);
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
  const { bytes, low, high } = slopeOf([points])!;
  assert.ok(low <= 5000 && high >= 5000 && high - low < 200);
  assert.ok(Math.abs(bytes - 5000) < 50);
});

test('memory that does not grow has a slope of 0, and not of -0', () => {
  assert.deepEqual(slopeOf([line([5, 3, 1], 0, 10)]), { bytes: 0, low: 0, high: 0 });
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

test('property: the slope is the middle one of all slopes, however many share a level', () => {
  const points = fc.array(
    fc.record({ open: fc.integer({ min: 1, max: 12 }), bytes: fc.integer({ min: -1000, max: 1000 }) }),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(points, (levels) => {
      const slopes = levels.flatMap((a, i) =>
        levels.slice(i + 1).flatMap((b) => (a.open === b.open ? [] : [(b.bytes - a.bytes) / (b.open - a.open)])),
      );
      const slope = theilSen(levels);
      if (slopes.length === 0) assert.equal(slope, undefined);
      else assert.ok(Math.abs(slope! - median(slopes)) < 1e-9, `${slope} of ${slopes}`);
    }),
  );
});

for (const levels of [3, 4, 5, 10]) {
  test(`simulated: the interval of ${levels} levels holds the truth as often as it says`, () => {
    const random = seededRandom(levels);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const tries = 300;
    let held = 0;
    for (let i = 0; i < tries; i++) {
      const points = Array.from({ length: levels }, (_, at) => ({
        open: (at + 1) * 100,
        bytes: 4e7 + 1000 * (at + 1) * 100 + normal() * 20_000,
      }));
      const { low, high } = slopeOf([points])!;
      if (low <= 1000 && high >= 1000) held++;
    }
    // It says 95 %; so many tries are off by four standard deviations at the most.
    assert.ok(held >= 0.9 * tries, `${held} of ${tries}`);
  });
}
