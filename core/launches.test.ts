import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOverLaunches } from './launches.ts';
import { slopeOf } from './slope.ts';

const launch = (bytesEach: number, levels = [500, 1000, 1500, 2000]) =>
  levels.map((open) => ({ open, bytes: 4e7 + bytesEach * open }));

test('launches are pooled as their mean, with Student’s t interval over them', () => {
  const { slope, launches, slopes, coefficientOfVariation } = costOverLaunches(
    [4000, 5000, 6000].map((one) => launch(one)),
  )!;
  assert.deepEqual([slope.bytes, launches, slopes, coefficientOfVariation], [5000, 3, [4000, 5000, 6000], 0.2]);
  // t(2) = 4.303, deviation 1000
  assert.ok(Math.abs(slope.high - 5000 - (4.303 * 1000) / Math.sqrt(3)) < 1e-6);
  assert.equal(slope.bytes - slope.low, slope.high - slope.bytes);
});

test('an offset that differs from launch to launch costs no certainty', () => {
  const moved = [0, 1e7, -2e7].map((by) => launch(5000).map(({ open, bytes }) => ({ open, bytes: bytes + by })));
  assert.deepEqual(costOverLaunches(moved)!.slope, { bytes: 5000, low: 5000, high: 5000 });
});

test('one launch has its own interval over levels; launches without a cost are left out', () => {
  const bumpy = launch(5000).map((point, i) => ({ ...point, bytes: point.bytes + (i % 2) * 1e5 }));
  const one = costOverLaunches([launch(1, [500, 1000]), bumpy])!;
  assert.deepEqual([one.slope, one.launches, one.coefficientOfVariation], [slopeOf([bumpy]), 1, null]);
  assert.ok(one.slope.low < one.slope.high);
  assert.equal(costOverLaunches([]), undefined);
  assert.equal(costOverLaunches([launch(1, [500, 1000])]), undefined);
});
