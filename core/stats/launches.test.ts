import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOverLaunches } from './launches.ts';

const exactly = (bytes: number) => ({ bytes, low: bytes, high: bytes });

test('launches are pooled as their mean, with Student’s t interval over them', () => {
  const { slope, launches, slopes, coefficientOfVariation } = costOverLaunches([4000, 5000, 6000].map(exactly))!;
  assert.deepEqual([slope.bytes, launches, slopes, coefficientOfVariation], [5000, 3, [4000, 5000, 6000], 0.2]);
  // t(2) = 4.303, deviation 1000
  assert.ok(Math.abs(slope.high - 5000 - (4.303 * 1000) / Math.sqrt(3)) < 1e-6);
  assert.equal(slope.bytes - slope.low, slope.high - slope.bytes);
});

test('how far each is sure of itself does not matter when they agree', () => {
  const wide = { bytes: 5000, low: 1000, high: 9000 };
  assert.deepEqual(costOverLaunches([wide, wide, wide])!.slope, exactly(5000));
});

test('one launch has its own interval over levels; none has no cost', () => {
  const own = { bytes: 5000, low: 4900, high: 5200 };
  const one = costOverLaunches([own])!;
  assert.deepEqual([one.slope, one.launches, one.coefficientOfVariation], [own, 1, null]);
  assert.equal(costOverLaunches([]), undefined);
});
