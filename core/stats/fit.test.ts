import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitLevels } from './fit.ts';
import { seededRandom } from './random.ts';
import { shapeOf } from './shape.ts';
import type { LevelPoint } from './slope.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
/** Readings scatter evenly by as much to either side. */
const NOISE_BYTES = 100 * KIB;

const upTo = (top: number, each: number): number[] => Array.from({ length: top / each }, (_, i) => (i + 1) * each);
function levelsOf(opens: readonly number[], bytesAt: (open: number) => number, seed?: number): LevelPoint[] {
  const random = seed === undefined ? () => 0.5 : seededRandom(seed);
  return opens.map((open) => ({ open, bytes: 40 * MIB + bytesAt(open) + (2 * random() - 1) * NOISE_BYTES }));
}
const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i * 7919 + 1);
const kindOf = (points: readonly LevelPoint[]): string => {
  const { steps, knee } = shapeOf(points);
  return [...steps.map(() => 'step'), ...(knee ? ['knee'] : [])].join(' ') || 'line';
};

const line = (open: number): number => 5000 * open;
const step = (open: number): number => 5000 * open + (open > 3000 ? 64 * MIB : 0);
const stepAtLevel = (open: number): number => 5000 * open + (open >= 3000 ? 64 * MIB : 0);
const knee = (open: number): number => 5000 * open + 5000 * Math.max(0, open - 4000);

for (const each of [500, 1000]) {
  for (const [name, bytesAt, low] of [
    ['after', step, 3000],
    ['at', stepAtLevel, 3000 - each],
  ] as const) {
    test(`a step of 64 MiB ${name} 3,000 is found between two levels ${each} apart, and the slope is without it`, () => {
      for (const seed of seeds(20)) {
        const fit = fitLevels(levelsOf(upTo(10_000, each), bytesAt, seed))!;
        assert.deepEqual(
          [fit.knee, fit.steps[0]!.low, fit.steps[0]!.high, fit.steps[0]!.at],
          [null, low, low + each, low + each / 2],
        );
        assert.ok(Math.abs(fit.steps[0]!.bytes - 64 * MIB) < 4 * NOISE_BYTES, String(fit.steps[0]!.bytes));
        assert.ok(Math.abs(fit.slope.bytes - 5000) < 50, String(fit.slope.bytes));
        assert.ok(fit.slope.low <= fit.slope.bytes && fit.slope.bytes <= fit.slope.high);
        assert.ok(fit.rSquared > 0.9999 && Math.abs(fit.holdoutErrorPercent!) < 1);
      }
    });
  }
  test(`a cost that doubles past 4,000 is a knee within one level of ${each}, with both slopes`, () => {
    for (const seed of seeds(20)) {
      const fit = fitLevels(levelsOf(upTo(10_000, each), knee, seed))!;
      const { at, low, high, below, above } = fit.knee!;
      assert.ok(Math.abs(at - 4000) <= each && low <= at && at <= high && high - low <= 2 * each);
      assert.ok(Math.abs(below.bytes - 5000) < 250 && Math.abs(above.bytes - 10_000) < 200);
      assert.deepEqual([fit.slope, fit.steps], [above, []]);
      assert.ok(fit.rSquared > 0.9999 && Math.abs(fit.holdoutErrorPercent!) < 1);
    }
  });
}

test('six levels are enough for a step, and for a knee that has three of them on each side', () => {
  for (const seed of seeds(20)) {
    assert.equal(kindOf(levelsOf(upTo(6000, 1000), step, seed)), 'step');
    const doubling = (open: number): number => 5000 * open + 5000 * Math.max(0, open - 6000);
    assert.equal(kindOf(levelsOf(upTo(12_000, 2000), doubling, seed)), 'knee');
  }
});

test('exact data of each shape comes out exactly', () => {
  const opens = upTo(10_000, 1000);
  const exactly = (bytes: number) => ({ bytes, low: bytes, high: bytes });
  const stepped = fitLevels(levelsOf(opens, step))!;
  assert.deepEqual(stepped.steps, [{ at: 3500, low: 3000, high: 4000, bytes: 64 * MIB }]);
  const kneed = fitLevels(levelsOf(opens, knee))!;
  assert.deepEqual(kneed.knee, { at: 4000, low: 3000, high: 5000, below: exactly(5000), above: exactly(10_000) });
  const between = fitLevels(levelsOf(opens, (open) => 5000 * open + 5000 * Math.max(0, open - 4300)))!;
  assert.deepEqual(between.knee, { at: 4300, low: 4000, high: 5000, below: exactly(5000), above: exactly(10_000) });
  for (const { slope, rSquared, holdoutErrorPercent } of [stepped, kneed, between]) {
    assert.deepEqual([slope.low, slope.high, rSquared], [slope.bytes, slope.bytes, 1]);
    assert.ok(Math.abs(holdoutErrorPercent!) < 1e-9);
  }
  assert.deepEqual([stepped.slope.bytes, kneed.slope.bytes], [5000, 10_000]);
});

test('lines of a step and of a knee say what they hold from; at the top they go through it', () => {
  const opens = upTo(10_000, 1000);
  const from = (bytesAt: (open: number) => number) =>
    fitLevels(levelsOf(opens, bytesAt))!.lines.map(
      ({ fromOpen, interceptBytes, bytesPerConnection, points, degrees }) => [
        fromOpen,
        Math.round(interceptBytes - 40 * MIB),
        bytesPerConnection,
        points,
        degrees,
      ],
    );
  assert.deepEqual(from(line), [[0, 0, 5000, 10, 8]]);
  assert.deepEqual(from(step), [
    [0, 0, 5000, 3, 6],
    [3001, 64 * MIB, 5000, 7, 6],
  ]);
  assert.deepEqual(from(knee), [
    [0, 0, 5000, 4, 6],
    [4000, -20_000_000, 10_000, 7, 6],
  ]);
});

test('property: a leg of 3 to 5 levels never gets a shape', () => {
  for (const count of [3, 4, 5]) {
    for (const bytesAt of [step, stepAtLevel, knee]) {
      const points = levelsOf(upTo(count * 2000, 2000), bytesAt, count);
      const fit = fitLevels(points)!;
      assert.deepEqual([fit.knee, fit.steps, fit.lines.length], [null, [], 1]);
    }
  }
});

test('property: one disturbed level makes no shape, wherever it is and however far off', () => {
  const off = fc.integer({ min: -1e9, max: 1e9 });
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 20 }), fc.nat(19), off, (count, at, bytes) => {
      const points = levelsOf(upTo(500 * count, 500), line).map((point, i) =>
        i === at % count ? { ...point, bytes: point.bytes + bytes } : point,
      );
      assert.equal(kindOf(points), 'line');
    }),
    { numRuns: 200 },
  );
});

/** Shapes that are there, but too small to bend a forecast. */
const TINY: ReadonlyArray<[string, (open: number) => number]> = [
  ['a jump of 512 KiB', (open) => 5000 * open + (open > 5000 ? 512 * KIB : 0)],
  ['a jump of 4 % of the growth', (open) => 100_000 * open + (open > 5000 ? 40e6 : 0)],
  ['a slope that grows by a twentieth', (open) => 50_000 * open + 2500 * Math.max(0, open - 5000)],
  ['a knee that adds 600 kB at the top', (open) => 500 * open + 120 * Math.max(0, open - 5000)],
];
for (const [name, bytesAt] of TINY) {
  test(`${name} is not worth telling`, () => assert.equal(kindOf(levelsOf(upTo(10_000, 500), bytesAt)), 'line'));
}

const exactLine = (open: readonly number[], slope: number, from: number): LevelPoint[] =>
  open.map((one) => ({ open: one, bytes: from + slope * one }));

test('property: an exact line is a line, through all levels and without any error', () => {
  const opens = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 3, maxLength: 20 });
  const slopes = fc.integer({ min: -10_000, max: 100_000 });
  fc.assert(
    fc.property(opens, slopes, fc.integer({ min: 1, max: 2 ** 40 }), (open, slope, from) => {
      const fit = fitLevels(exactLine(open, slope, from))!;
      assert.deepEqual(fit.slope, { bytes: slope, low: slope, high: slope });
      const { interceptBytes, residualBytes } = fit.lines[0]!;
      assert.deepEqual(
        [kindOf(exactLine(open, slope, from)), fit.lines.length, interceptBytes, residualBytes],
        ['line', 1, from, 0],
      );
      assert.equal(fit.rSquared, 1);
      const top = from + slope * Math.max(...open);
      if (open.length === 3 || top === 0) assert.equal(fit.holdoutErrorPercent, null);
      else assert.equal(Math.abs(fit.holdoutErrorPercent!), 0);
    }),
    { numRuns: 50 },
  );
});

test('property: from three levels on there is a fit, and nothing in it is NaN', () => {
  const anyPoints = fc.array(fc.record({ open: fc.nat(100), bytes: fc.integer({ min: 0, max: 1e9 }) }), {
    maxLength: 25,
  });
  fc.assert(
    fc.property(anyPoints, (points) => {
      const fit = fitLevels(points);
      assert.equal(fit === undefined, new Set(points.map(({ open }) => open)).size < 3);
      if (fit === undefined) return;
      assert.doesNotMatch(
        JSON.stringify(fit, (_, value) => (Number.isNaN(value) ? 'NaN' : value)),
        /NaN/,
      );
      assert.ok(fit.rSquared <= 1);
    }),
    { numRuns: 100 },
  );
});

test('the hold-out error is signed: a top level dearer than the line is predicted too low', () => {
  const bent = exactLine([1000, 2000, 3000, 4000], 1000, 0).map((point) =>
    point.open === 4000 ? { ...point, bytes: 5_000_000 } : point,
  );
  assert.equal(fitLevels(bent)!.holdoutErrorPercent, -20);
});
