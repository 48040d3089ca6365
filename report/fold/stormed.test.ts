import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StormEpisode } from '../../core/schemas/record.ts';
import { stormOf } from './stormed.ts';

/** As older records have them. */
const OLD = {
  type: 'storm',
  level: 1000,
  how: 'fin',
  cut: 500,
  back: 500,
  retries: 0,
  heldBack: 0,
  failedMeanwhile: 0,
  tookMs: 4000,
  beforeBytes: 40e6,
  peakBytes: 46e6,
  peakAtMs: 700,
  afterBytes: 42e6,
  backAfter: [[1_000_000, 500]],
  admission: [[20_000, 500]],
  ownLag: [],
  looks: 40,
} as unknown as StormEpisode;

const paceOf = (...paces: ReadonlyArray<readonly [begun: number, inTime: number]>) =>
  stormOf([{ ...OLD, withinMs: 500, paces: paces.map(([begun, inTime], second) => ({ second, begun, inTime })) }])!
    .pace;

test('the pace that holds is the most of a second before the first in which fewer than 99 of 100 were in time', () => {
  const withinMs = 500;
  assert.deepEqual(paceOf([100, 100], [900, 891], [1000, 989], [50, 50]), {
    withinMs,
    heldPerSecond: 900,
    missedPerSecond: 1000,
  });
  assert.deepEqual(paceOf([100, 98], [50, 50]), { withinMs, heldPerSecond: null, missedPerSecond: 100 });
  assert.deepEqual(paceOf([100, 100], [50, 50]), { withinMs, heldPerSecond: 100, missedPerSecond: null });
  assert.equal(paceOf(), null);
});

test('of older records nothing is made up', () => {
  const { kernel, settledBytes, failures, stages, pace, backP50Ms } = stormOf([OLD])!;
  assert.deepEqual([kernel, settledBytes, failures, stages, pace], [null, null, null, null, null]);
  assert.ok(Math.abs(backP50Ms! - 1000) < 10);
});
