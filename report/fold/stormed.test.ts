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

type Second = readonly [begun: number, inTime: number];
const paceOf = (...paces: Second[]) =>
  stormOf([{ ...OLD, withinMs: 500, paces: paces.map(([begun, inTime], second) => ({ second, begun, inTime })) }])!
    .pace;

test('the pace that holds is the most of a second of which 99 of 100 were in time; one that missed had more', () => {
  const bracketOf = (...paces: Second[]) => {
    const { heldPerSecond, missedPerSecond } = paceOf(...paces)!;
    return [heldPerSecond, missedPerSecond];
  };
  assert.deepEqual(bracketOf([100, 100], [900, 891], [1000, 989], [50, 50]), [900, 1000]);
  // The server was busy with those that went, and then with a backlog.
  assert.deepEqual(bracketOf([500, 0], [2000, 0], [600, 0], [700, 700], [50, 50]), [700, 2000]);
  assert.deepEqual(bracketOf([100, 98]), [null, 100]);
  assert.deepEqual(bracketOf([100, 0], [150, 150]), [150, null]);
  assert.equal(paceOf(), null);
  assert.deepEqual(paceOf([100, 80], [100, 100]), {
    withinMs: 500,
    heldPerSecond: 100,
    missedPerSecond: null,
    inTimePercent: 90,
  });
});

test('of older records nothing is made up', () => {
  const { kernel, settledBytes, failures, stages, pace, backP50Ms } = stormOf([OLD])!;
  assert.deepEqual([kernel, settledBytes, failures, stages, pace], [null, null, null, null, null]);
  assert.ok(Math.abs(backP50Ms! - 1000) < 10);
});

test('nobody was away for longer than the last one', () => {
  const { backP50Ms, backP99Ms, allBackMs } = stormOf([{ ...OLD, tookMs: 999.5 }])!;
  assert.deepEqual([backP50Ms, backP99Ms, allBackMs], [999.5, 999.5, 999.5]);
});

test('what never failed did so 0 times, so that a threshold on it has passed', () => {
  const { failures } = stormOf([{ ...OLD, failures: { attempts: { refused: 3 }, losses: {} } }])!;
  const { attempts, losses } = failures!;
  assert.deepEqual([attempts.refused, attempts['timed-out'], losses['by-peer']], [3, 0, 0]);
  assert.ok(!('open' in attempts) && !('by-us' in losses), 'these are no failures');
});
