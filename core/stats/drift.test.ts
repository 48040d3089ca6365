import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DriftReading, driftOf, isDrifting } from './drift.ts';
import { type Random, seededRandom } from './random.ts';

const MIB = 2 ** 20;
const DRIFT = 3 * MIB;
const SERIES = 400;

type Noise = (random: Random, count: number) => number[];

/** Irwin–Hall: near enough to normal, with a deviation of 1. */
const normal = (random: Random): number => Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);
const white: Noise = (random, count) => Array.from({ length: count }, () => normal(random));
const following =
  (share: number): Noise =>
  (random, count) => {
    let last = normal(random);
    return Array.from({ length: count }, () => {
      last = share * last + Math.sqrt(1 - share ** 2) * normal(random);
      return last;
    });
  };
/** Garbage grows until it is collected. */
const waves =
  (period: number): Noise =>
  (random, count) => {
    const begin = random() * period;
    return Array.from({ length: count }, (_, i) => 4 * (((begin + i) % period) / period) + 0.2 * normal(random));
  };
const spikes: Noise = (random, count) =>
  Array.from({ length: count }, () => normal(random) + (random() < 0.05 ? 20 : 0));

function seriesOf(random: Random, noise: Noise, count: number, drift: number): DriftReading[] {
  const hours = 8;
  const offs = noise(random, count);
  return offs.map((off, i) => {
    const at = (hours * i) / (count - 1);
    return { at, bytes: 200 * MIB + drift * at + MIB * off };
  });
}

const KINDS: ReadonlyArray<[what: string, noise: Noise, counts: readonly number[]]> = [
  ['white noise', white, [10, 60, 600]],
  ['a process of 0.5', following(0.5), [60, 600]],
  ['a process of 0.9', following(0.9), [600]],
  ["a collector's waves", waves(23), [240, 600]],
  ['spikes', spikes, [60, 600]],
];
for (const [what, noise, counts] of KINDS) {
  for (const count of counts) {
    test(`${count} readings with ${what}: the interval holds the drift`, () => {
      for (const drift of [0, DRIFT]) {
        const random = seededRandom(count + drift);
        let held = 0;
        let called = 0;
        for (let i = 0; i < SERIES; i++) {
          const found = driftOf([seriesOf(random, noise, count, drift)])!;
          if (found.slope.low <= drift && drift <= found.slope.high) held++;
          if (isDrifting(found)) called++;
        }
        assert.ok(held >= 0.92 * SERIES, `${held} of ${SERIES} hold ${drift}`);
        if (drift === 0) assert.ok(called <= 0.06 * SERIES, `${called} of ${SERIES} are called a drift`);
        else if (count >= 60) assert.ok(called >= 0.9 * SERIES, `${called} of ${SERIES} are called a drift`);
      }
    });
  }
}

test('segments have intercepts of their own: a restart that begins elsewhere is no drift', () => {
  const random = seededRandom(5);
  const [first, second] = [seriesOf(random, white, 100, DRIFT), seriesOf(random, white, 100, DRIFT)];
  const later = second.map(({ at, bytes }) => ({ at: at + 10, bytes: bytes - 150 * MIB }));
  const { slope } = driftOf([first, later])!;
  assert.ok(slope.low <= DRIFT && DRIFT <= slope.high && slope.low > 0, JSON.stringify(slope));
});

test('what an allocator takes at first is no drift; few readings, or none apart, tell nothing', () => {
  const filling = Array.from({ length: 200 }, (_, i) => ({ at: i, bytes: 50 * MIB * (1 - Math.exp(-i / 30)) }));
  const found = driftOf([filling])!;
  assert.equal(found.isLevellingOff, true);
  assert.equal(isDrifting(found), false);
  assert.equal(driftOf([filling.slice(0, 4)]), undefined);
  assert.equal(driftOf([filling.map(({ bytes }) => ({ at: 1, bytes }))]), undefined);
  assert.equal(driftOf([]), undefined);
});

test('readings on a line repeat to some pages all the same', () => {
  const { slope } = driftOf([Array.from({ length: 10 }, (_, i) => ({ at: i * 100, bytes: i * 100 * 512 }))])!;
  assert.equal(slope.bytes, 512);
  assert.ok(slope.high - slope.bytes > 20 && slope.high - slope.bytes < 80, JSON.stringify(slope));
});
