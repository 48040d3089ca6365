import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedGrowthBytes, type Cost, differenceOf, growsBeyond } from './difference.ts';
import { costOverLaunches } from './launches.ts';
import { seededRandom } from './random.ts';

const once = (bytes: number, half: number): Cost => ({ bytes, low: bytes - half, high: bytes + half, launches: 1 });

/** Launches of a target that costs so much, with so much scatter. */
function launchesOf(bytes: number, deviation: number, launches: number, random: () => number): Cost {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const costs = Array.from({ length: launches }, () => bytes + deviation * normal());
  const { slope } = costOverLaunches(costs.map((cost) => ({ bytes: cost, low: cost, high: cost })))!;
  return { ...slope, launches };
}

test('equal targets are called different in about one of a hundred comparisons', () => {
  const random = seededRandom(1);
  for (const launches of [2, 3, 5, 10]) {
    let alarms = 0;
    for (let i = 0; i < 4000; i++) {
      const [a, b] = [launchesOf(7000, 70, launches, random), launchesOf(7000, 70, launches, random)];
      if (differenceOf(a, b).word !== 'no difference shown') alarms++;
    }
    assert.ok(alarms / 4000 > 0.004 && alarms / 4000 < 0.018, `${launches} launches: ${alarms} of 4,000`);
  }
});

test('512 bytes more are seen with three launches each, for all that launches are known to scatter', () => {
  const random = seededRandom(2);
  let seen = 0;
  for (let i = 0; i < 1000; i++) {
    const found = differenceOf(launchesOf(7000, 56, 3, random), launchesOf(7512, 56, 3, random));
    if (found.word === 'dearer') seen++;
  }
  assert.ok(seen > 990, `${seen} of 1,000`);
});

test('single runs differ by more than their levels say: what launches scatter by counts too', () => {
  // For either: 20 / 1.96 by its levels, 1 % by its launch.
  const { bytes, low, high, percent, word } = differenceOf(once(5000, 20), once(5100, 20));
  assert.deepEqual([bytes, percent, word], [100, 2, 'no difference shown']);
  const error = Math.hypot(20 / 1.96, 20 / 1.96, 50, 51);
  assert.ok(Math.abs((high - low) / 2 / (2.632 * error) - 1) < 0.001, `${(high - low) / 2}`);
  assert.equal(differenceOf(once(5000, 20), once(5512, 20)).word, 'dearer');
  assert.equal(differenceOf(once(5512, 20), once(5000, 20)).word, 'cheaper');
});

test('one launch against several is as sure as the less sure of both', () => {
  const several: Cost = { bytes: 5000, low: 4950, high: 5050, launches: 3 };
  const found = differenceOf(several, once(5600, 20));
  // t of two degrees: 4.303 for 95 %, 9.925 for 99 %.
  const error = Math.hypot(50 / 4.303, 20 / 1.96, 56);
  assert.ok(Math.abs((found.high - found.low) / 2 / (9.925 * error) - 1) < 0.001);
});

/** Cost before, difference, how far its interval reaches, percent allowed; whether that is too much. */
const GROWTHS: ReadonlyArray<[number, number, number, number, boolean]> = [
  [5000, 0, 10, 5, false],
  [5000, 260, 0, 5, true],
  [5000, 250, 0, 5, false],
  [5000, 260, 11, 5, false],
  [5000, 400, 149, 5, true],
  [5000, 400, 151, 5, false],
  [5000, 1, 0, 0, true],
  [5000, 1, 2, 0, false],
  [5000, -2000, 10, 0, false],
  // What cost nothing, or less by chance, allows nothing.
  [0, 10, 5, 50, true],
  [-100, 10, 20, 50, false],
];
for (const [before, bytes, reach, percent, isBeyond] of GROWTHS) {
  test(`${bytes} ± ${reach} B on ${before} are ${isBeyond ? '' : 'not '}beyond ${percent} %`, () => {
    const difference = { bytes, low: bytes - reach, high: bytes + reach, percent: null, word: 'dearer' as const };
    assert.equal(growsBeyond(difference, allowedGrowthBytes(before, percent)), isBeyond);
  });
}

test('nothing costs nothing: no percentage', () => {
  assert.equal(differenceOf(once(0, 1), once(10, 1)).percent, null);
});
