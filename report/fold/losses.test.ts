import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { LegProgress, type Sample } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { bucketOf, lowestOf, quantileMs } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS } from '../../core/values/outcomes.ts';
import { climb, leg, progressOf, runFile } from '../../test/support/synthetic-run.ts';
import { plainRows } from '../words/verdict-rows.ts';
import { lossesOf, pooledLosses } from './losses.ts';
import { summarize } from './summarize.ts';

const TIMES: Array<[number, number]> = [[lowestOf(bucketOf(5_000_000)), 40]];
const LOST: LegProgress = {
  ...progressOf(0, 3040),
  closeReasons: {
    ...(Object.fromEntries(CLOSE_REASONS.map((name) => [name, 0])) as LegProgress['closeReasons']),
    'by-us': 3000,
    'by-peer': 30,
    reset: 9,
    'protocol-error': 1,
  },
  losses: { age: TIMES, silence: TIMES, unsaid: TIMES, spanMs: 9000 },
};
const end = (progress: LegProgress): Sample => ({
  type: 'leg-end',
  elapsedMs: 60_000,
  launch: 0,
  leg: 0,
  protocol: 'ws',
  progress,
});
const summaryWith = (progress: LegProgress): Summary => {
  const run = runFile({ plan: { legs: [leg()], launches: 1 } });
  return summarize({ run, samples: [...climb(5000), end(progress)], events: [], problems: [] });
};

test('what was lost is in the summary: by what, how old, how long silent, and what that says', () => {
  const summary = summaryWith(LOST);
  assert.deepEqual(Summary.parse(JSON.parse(JSON.stringify(summary))), summary);
  const ms = quantileMs(TIMES, 0.5)!;
  const spread = { p50Ms: ms, minMs: ms, maxMs: ms };
  assert.deepEqual(summary.legs[0]!.losses, {
    count: 40,
    reasons: { 'by-peer': 30, reset: 9, 'protocol-error': 1 },
    age: spread,
    silence: spread,
    pattern: 'idle',
    timerMs: ms,
    text: 'each 5.0 s after it opened: it closes what rests',
  });
  const row = plainRows(summary).find(({ label }) => label === 'connections that were lost');
  assert.deepEqual(row?.cells, [
    '30 by-peer, 9 reset, 1 protocol-error, each 5.0 s after it opened: it closes what rests',
  ]);
});

test('a leg that lost none has no losses, and no row of them', () => {
  const summary = summaryWith(progressOf(0, 3000));
  assert.equal(summary.legs[0]!.losses, null);
  assert.ok(plainRows(summary).every(({ label }) => !/lost/.test(label)));
});

test('a record from before losses were timed still says how many there were', () => {
  const { losses, failedAfter, ...older } = LOST;
  const read = LegProgress.parse(JSON.parse(JSON.stringify(older)));
  assert.deepEqual([read.losses, read.failedAfter], [null, []]);
  assert.deepEqual(lossesOf(read), {
    count: 40,
    reasons: { 'by-peer': 30, reset: 9, 'protocol-error': 1 },
    age: null,
    silence: null,
    pattern: 'none',
    timerMs: null,
    text: null,
  });
});

test('of several launches counts are summed, and the one that lost the most says why', () => {
  const [lost] = summaryWith(LOST).legs;
  const few = { ...lost!, losses: { ...lost!.losses!, count: 2, reasons: { reset: 2 }, pattern: 'none', text: 'x' } };
  const none: LegSummary = { ...lost!, losses: null };
  const pooled = pooledLosses([none, few as LegSummary, lost!])!;
  assert.deepEqual([pooled.count, pooled.reasons], [42, { reset: 11, 'by-peer': 30, 'protocol-error': 1 }]);
  assert.deepEqual([pooled.pattern, pooled.text], [lost!.losses!.pattern, lost!.losses!.text]);
  assert.equal(pooledLosses([none, none]), null);
});
