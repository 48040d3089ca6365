import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fitLevels } from './fit.ts';
import { type Random, seededRandom } from './random.ts';
import { shapeOf } from './shape.ts';
import type { LevelPoint } from './slope.ts';

const MIB = 2 ** 20;
const evenly = (count: number, top = 10_000): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(((i + 1) * top) / count));
const points = (opens: readonly number[], bytesAt: (open: number) => number, noise = () => 0): LevelPoint[] =>
  opens.map((open) => ({ open, bytes: 40 * MIB + bytesAt(open) + noise() }));
const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i * 7919 + 1);
const even = (random: Random, reachBytes: number) => () => (2 * random() - 1) * reachBytes;

const step = (open: number, after: number, bytes: number): number => (open > after ? bytes : 0);
const knee = (open: number, at: number, more: number): number => more * Math.max(0, open - at);

/** What grows; the level before each step; where the knee is. */
const KNOWN: ReadonlyArray<[string, number, (open: number) => number, readonly number[], number | null]> = [
  ['two steps', 10, (n) => 5000 * n + step(n, 3000, 16 * MIB) + step(n, 6000, 32 * MIB), [3000, 6000], null],
  ['two steps of one size', 12, (n) => 5000 * n + step(n, 2500, 8 * MIB) + step(n, 7500, 8 * MIB), [2500, 7500], null],
  [
    'a step up and one down',
    10,
    (n) => 5000 * n + step(n, 3000, 16 * MIB) - step(n, 6000, 16 * MIB),
    [3000, 6000],
    null,
  ],
  ['a table that doubles three times', 20, (n) => 2000 * n + 4096 * doubled(n), [2000, 4000, 8000], null],
  ['a step, then a knee', 10, (n) => 5000 * n + step(n, 3000, 16 * MIB) + knee(n, 6000, 5000), [3000], 6000],
  ['a knee, then a step', 10, (n) => 5000 * n + step(n, 7000, 16 * MIB) + knee(n, 4000, 5000), [7000], 4000],
  [
    'a step between levels, then a knee between levels',
    20,
    (n) => 9000 * n + step(n, 3200, 16 * MIB) + knee(n, 6300, 9000),
    [3000],
    6300,
  ],
  [
    'two steps and a knee',
    20,
    (n) => 5000 * n + step(n, 2000, 16 * MIB) + step(n, 4000, 16 * MIB) + knee(n, 7000, 9000),
    [2000, 4000],
    7000,
  ],
];
function doubled(entries: number): number {
  return 2 ** Math.max(11, Math.ceil(Math.log2(entries)));
}

describe('a curve with several bends', () => {
  for (const [name, count, bytesAt, steps, kneeAt] of KNOWN) {
    test(`has all of them: ${name}`, () => {
      for (const seed of seeds(10)) {
        const shape = shapeOf(points(evenly(count), bytesAt, even(seededRandom(seed), 50 * 1024)));
        assert.deepEqual(
          shape.steps.map(({ low }) => low),
          steps,
        );
        const found = shape.knee === null ? null : Math.round(shape.knee.at / 100) * 100;
        assert.equal(found, kneeAt);
      }
    });
  }

  test('that is exact comes out exactly: steps with their bytes, slopes on both sides of the knee, the way on', () => {
    const bytesAt = (n: number): number => 5000 * n + step(n, 3000, 16 * MIB) + knee(n, 6000, 5000);
    const fit = fitLevels(points(evenly(10), bytesAt))!;
    assert.deepEqual(fit.steps, [{ at: 3500, low: 3000, high: 4000, bytes: 16 * MIB }]);
    assert.deepEqual([fit.knee!.at, fit.knee!.below.bytes, fit.knee!.above.bytes], [6000, 5000, 10_000]);
    assert.equal(fit.slope.bytes, 10_000);
    assert.deepEqual(
      fit.lines.map(({ fromOpen, interceptBytes, bytesPerConnection, points: on, degrees }) => [
        fromOpen,
        Math.round(interceptBytes - 40 * MIB),
        bytesPerConnection,
        on,
        degrees,
      ]),
      [
        [0, 0, 5000, 3, 4],
        [3001, 16 * MIB, 5000, 3, 4],
        [6000, 16 * MIB - 30e6, 10_000, 5, 4],
      ],
    );
    assert.ok(fit.rSquared > 1 - 1e-12 && Math.abs(fit.holdoutErrorPercent!) < 1e-9);
  });

  test('may jump where its slope changes: one place, with the jump as it is there', () => {
    const bytesAt = (n: number): number => 5000 * n + step(n, 5000, 16 * MIB) + knee(n, 6000, 5000);
    for (const seed of seeds(10)) {
      const fit = fitLevels(points(evenly(10), bytesAt, even(seededRandom(seed), 50 * 1024)))!;
      assert.deepEqual([fit.steps.map(({ low }) => low), fit.knee!.at], [[5000], 6000]);
      assert.deepEqual(
        fit.lines.map(({ fromOpen }) => fromOpen),
        [0, 5001],
      );
      assert.ok(Math.abs(fit.knee!.below.bytes - 5000) < 100 && Math.abs(fit.slope.bytes - 10_000) < 100);
    }
  });

  test('has its cost from between the steps, and a forecast from beyond them', () => {
    const bytesAt = (n: number): number => 5000 * n + step(n, 3000, 16 * MIB) + step(n, 6000, 32 * MIB);
    for (const seed of seeds(10)) {
      const fit = fitLevels(points(evenly(10), bytesAt, even(seededRandom(seed), 50 * 1024)))!;
      assert.ok(Math.abs(fit.slope.bytes - 5000) < 50, String(fit.slope.bytes));
      assert.ok(Math.abs(fit.steps[0]!.bytes / MIB - 16) < 0.3 && Math.abs(fit.steps[1]!.bytes / MIB - 32) < 0.3);
      const top = fit.lines.at(-1)!;
      const at20k = top.interceptBytes + 20_000 * top.bytesPerConnection;
      assert.ok(Math.abs(at20k / (40 * MIB + bytesAt(20_000)) - 1) < 0.01);
    }
  });
});

test('too few levels for so many bends show what they can: nothing rather than something else', () => {
  const bytesAt = (n: number): number => 5000 * n + step(n, 3000, 16 * MIB) + step(n, 6000, 32 * MIB);
  assert.deepEqual(shapeOf(points(evenly(7), bytesAt)), { steps: [], knee: null });
});

/** Scatter with the same quartiles or so, and tails from none to very heavy. */
const NOISES: Readonly<Record<string, (random: Random) => number>> = {
  uniform: (random) => 2 * random() - 1,
  gaussian,
  'heavy-tailed': (random) => gaussian(random) / Math.sqrt((gaussian(random) ** 2 + gaussian(random) ** 2) / 2),
  'one-sided': (random) => -Math.log(1 - random()),
};
function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** What one more costs, and how far noise reaches: from well below to well above what a bend must at least add. */
const STRAIGHT: ReadonlyArray<readonly [bytesEach: number, reachBytes: number]> = [
  ...[1200, 5000, 50_000].map((bytesEach) => [bytesEach, 100 * 1024] as const),
  ...[MIB / 4, 2 * MIB, 8 * MIB].map((reachBytes) => [5000, reachBytes] as const),
];

test('property: of straight lines with noise, large or small, at most 1 in 100 gets a bend, and 2 of any kind', () => {
  const drawn = new Map<string, { all: number; wrong: number }>();
  const note = (of: string, isWrong: boolean): void => {
    const { all, wrong } = drawn.get(of) ?? { all: 0, wrong: 0 };
    drawn.set(of, { all: all + 1, wrong: wrong + Number(isWrong) });
  };
  for (const [kind, noise] of Object.entries(NOISES)) {
    for (const count of [6, 8, 10, 14, 20]) {
      for (const [bytesEach, reachBytes] of STRAIGHT) {
        for (const seed of seeds(10)) {
          const random = seededRandom(seed * 31 + count * 7 + kind.length);
          const { steps, knee } = shapeOf(
            points(
              evenly(count, 500 * count),
              (n) => bytesEach * n,
              () => reachBytes * noise(random),
            ),
          );
          const isWrong = steps.length > 0 || knee !== null;
          for (const of of ['all', kind, `${count} levels`, `${bytesEach} and ${reachBytes}`]) note(of, isWrong);
        }
      }
    }
  }
  for (const [of, { all, wrong }] of drawn) {
    assert.ok(wrong <= (all * (of === 'all' ? 1 : 2)) / 100, `${of}: ${wrong} of ${all}`);
  }
});

test('property: of curves with one step and noise, at most 1 in 100 gets more than that step', () => {
  let [more, all] = [0, 0];
  for (const [kind, noise] of Object.entries(NOISES)) {
    for (const count of [8, 10, 14, 20]) {
      for (const seed of seeds(15)) {
        const random = seededRandom(seed * 31 + count * 7 + kind.length);
        const bytesAt = (n: number): number => 5000 * n + step(n, 5000, 64 * MIB);
        const { steps, knee } = shapeOf(points(evenly(count), bytesAt, () => MIB * noise(random)));
        all++;
        if (steps.length > 1 || knee !== null) more++;
      }
    }
  }
  assert.ok(more <= all / 100, `${more} of ${all}`);
});

test('property: two neighbouring levels that are disturbed are no more than a step there and back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 16 }),
      fc.nat(15),
      fc.integer({ min: -1e8, max: 1e8 }),
      (count, at, bytes) => {
        const disturbed = points(evenly(count), (n) => 5000 * n).map((point, i) =>
          i === at % count || i === (at % count) + 1 ? { ...point, bytes: point.bytes + bytes } : point,
        );
        const { steps, knee } = shapeOf(disturbed);
        assert.ok(steps.length <= 2 && knee === null, JSON.stringify({ steps, knee }));
      },
    ),
    { numRuns: 100 },
  );
});
