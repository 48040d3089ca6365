import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { withoutDisowned } from './inconclusive.ts';
import { summarize } from './summarize.ts';

const run = runFile({ config: { memoryLimitBytes: 2 ** 31 }, plan: { legs: [leg()], launches: 1 } });
const firm = summarize({ run, samples: climb(5000), events: [], problems: [] }).legs[0]!;
const cost = (bytes: number, reach: number) => ({ bytes, low: bytes - reach, high: bytes + reach });
const costing = (bytes: number, reach: number): LegSummary => ({
  ...firm,
  planned: 500,
  perConnection: { ...firm.perConnection!, total: cost(bytes, reach) },
});
const reasonsOf = (one: LegSummary) => withoutDisowned(one).inconclusive?.reasons ?? [];

test('a leg whose levels tell its cost stays as it is', () => {
  assert.equal(withoutDisowned(firm), firm);
  assert.deepEqual(reasonsOf(costing(9000, 4499)), []);
  const few = { ...firm, perConnection: null, fit: null };
  assert.equal(withoutDisowned(few), few, 'too few levels are another matter');
});

test('levels that scatter leave a bound, nothing below zero, and how many connections would tell', () => {
  assert.deepEqual(reasonsOf(costing(9000, 9001)), [
    {
      code: 'scatter',
      sentence: 'the levels scatter too much to tell what one more WebSocket costs: up to 17.6 KiB would fit',
      remedy: '--connections 5k --levels 12',
    },
  ]);
  const [below] = reasonsOf(costing(-9000, 100));
  assert.equal(below!.sentence, 'the levels scatter too much to tell what one more WebSocket costs');
  assert.match(below!.remedy, /^--connections 5k /, 'ten times as many, where nobody can say');
});

test('where a heap hides it, that is the reason, with what reveals it', () => {
  const coarse = costing(9000, 9001);
  const leg = { ...coarse, perConnection: { ...coarse.perConnection!, coarseBytes: 8000 } };
  assert.deepEqual(
    withoutDisowned(leg, { runtime: 'node', bytes: 2 ** 25, isCollected: false }).inconclusive!.reasons,
    [
      {
        code: 'heap',
        sentence:
          'the memory of Node.js may be off by 32.0 MiB at any moment, which hides what one more WebSocket costs',
        remedy: '--collect auto, which has its garbage collected before memory is read',
      },
    ],
  );
  const little = { ...coarse, perConnection: { ...coarse.perConnection!, coarseBytes: 500 } };
  assert.equal(
    withoutDisowned(little, { runtime: 'node', bytes: 2 ** 25, isCollected: false }).inconclusive!.reasons[0]!.code,
    'scatter',
  );
});

test('a range is no cost, and neither is the slope of what lies on no line', () => {
  const [range] = reasonsOf(costing(9000, 4600));
  assert.deepEqual(range, {
    code: 'range',
    sentence: 'one more WebSocket costs something between 4.3 and 13.3 KiB, which is too wide a range to plan by',
    remedy: '--connections 2k --launches 5',
  });
  const [ranAlready] = withoutDisowned(costing(9000, 4600), undefined, false).inconclusive!.reasons;
  assert.match(ranAlready!.remedy, /^--connections 2k --levels \d+$/, 'what ran already is not launched again');
  const [bent] = reasonsOf({ ...firm, fit: { ...firm.fit!, rSquared: 0.98 } });
  assert.equal(bent!.code, 'no-line');
  assert.match(bent!.sentence, /^memory does not closely follow the number of connections \(R² 0\.9800\), so /);
  assert.match(bent!.remedy, /--rest 15s/);
});

test('what is disowned is in no part of the summary, and the run ends in a code of its own', () => {
  const samples = climb(5000).map((sample) => {
    if (sample.type !== 'memory' || sample.phase !== 'hold' || !sample.readings.target) return sample;
    const { target } = sample.readings;
    const off = ((sample.level / 500) % 2 === 0 ? 1 : -1) * 20_000_000;
    return {
      ...sample,
      readings: { ...sample.readings, target: { ...target, anonBytes: (target.anonBytes ?? 0) + off } },
    };
  });
  const summary = summarize({ run, samples, events: [], problems: [] });
  const [own] = summary.legs;
  assert.deepEqual(Summary.parse(JSON.parse(JSON.stringify(summary))), summary);
  assert.deepEqual([summary.status, summary.exitCode, summary.error?.code], ['inconclusive', 7, 'EINCONCLUSIVE']);
  assert.equal(summary.error!.hint, own!.inconclusive!.reasons[0]!.remedy);
  assert.deepEqual([own!.perConnection, own!.fit, own!.chargedFit, own!.burst], [null, null, null, null]);
  assert.deepEqual([summary.capacity, summary.forecast], [[], []]);
  assert.ok(summary.limiters.every(({ what }) => what !== 'memory'));
  assert.equal(own!.levels.length, 6, 'what was measured stays');
});
