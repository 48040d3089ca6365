import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedGrowthBytes, type Cost, differenceOf, growsBeyond, staysWithin } from './difference.ts';
import { costOverLaunches } from './launches.ts';
import { seededRandom } from './random.ts';

const once = (bytes: number, half: number): Cost => ({
  bytes,
  low: bytes - half,
  high: bytes + half,
  launches: 1,
  coarseBytes: 0,
});

/** Launches of a target that costs so much, with so much scatter. */
function launchesOf(bytes: number, deviation: number, launches: number, random: () => number): Cost {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const costs = Array.from({ length: launches }, () => bytes + deviation * normal());
  const { slope } = costOverLaunches(costs.map((cost) => ({ bytes: cost, low: cost, high: cost })))!;
  return { ...slope, launches, coarseBytes: 0 };
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

test('a share of what may have cost nothing is not told', () => {
  assert.equal(differenceOf(once(0.02, 5), once(160, 5)).percent, null);
  assert.equal(differenceOf(once(-4, 5), once(160, 5)).percent, null);
  assert.equal(differenceOf(once(10, 5), once(15, 5)).percent, 50);
});

test('one launch against several is as sure as the less sure of both', () => {
  const several: Cost = { bytes: 5000, low: 4950, high: 5050, launches: 3, coarseBytes: 0 };
  const found = differenceOf(several, once(5600, 20));
  // t of two degrees: 4.303 for 95 %, 9.925 for 99 %.
  const error = Math.hypot(50 / 4.303, 20 / 1.96, 56);
  assert.ok(Math.abs((found.high - found.low) / 2 / (9.925 * error) - 1) < 0.001);
});

test('what heaps hide on either side is in the interval whole, however many launches there are', () => {
  const random = seededRandom(3);
  const [one, other] = [0, 1].map(() => launchesOf(5000, 40, 5, random)) as [Cost, Cost];
  const hide = ({ low, high, ...cost }: Cost, by: number): Cost => ({
    ...cost,
    low: low - by,
    high: high + by,
    coarseBytes: by,
  });
  const plain = differenceOf(one, other);
  const hidden = differenceOf(hide(one, 70), hide(other, 30));
  assert.ok(Math.abs(hidden.low - (plain.low - 100)) < 1e-9 && Math.abs(hidden.high - (plain.high + 100)) < 1e-9);
});

test('a gate that looks again after each launch, until it sees, seldom sees what is not there', () => {
  const random = seededRandom(4);
  const [tries, cost, allowedPercent] = [400, 10_000, 2];
  /** Launches of 1 % scatter, from 3 to 10, held against 5 earlier ones, until grown or not is shown. */
  const outcomeOf = (growthPercent: number): 'grown' | 'not grown' | 'not shown' => {
    const earlier = launchesOf(cost, 0.005 * cost, 5, random);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const costs: number[] = [];
    for (let launches = 1; launches <= 10; launches++) {
      costs.push(cost * (1 + growthPercent / 100) + 0.005 * cost * normal());
      if (launches < 3) continue;
      const { slope } = costOverLaunches(costs.map((bytes) => ({ bytes, low: bytes, high: bytes })))!;
      const found = differenceOf(earlier, { ...slope, launches, coarseBytes: 0 });
      const allowedBytes = allowedGrowthBytes(earlier.bytes, allowedPercent);
      if (growsBeyond(found, allowedBytes)) return 'grown';
      if (staysWithin(found, allowedBytes)) return 'not grown';
    }
    return 'not shown';
  };
  const shareOf = (growthPercent: number, wanted: string): number => {
    const outcomes = Array.from({ length: tries }, () => outcomeOf(growthPercent));
    return outcomes.filter((one) => one === wanted).length / tries;
  };
  assert.ok(shareOf(0, 'grown') <= 0.005, 'equal pairs');
  assert.ok(shareOf(5, 'not grown') <= 0.005, 'a growth of 5 % that goes through');
  assert.ok(shareOf(5, 'grown') >= 0.95, 'a growth of 5 % that is found');
  assert.ok(shareOf(2, 'grown') <= 0.03 && shareOf(2, 'not grown') <= 0.03, 'at the very edge nothing is shown');
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
