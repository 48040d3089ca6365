/** What befalls connections, on the live page: now by the latest tick, and in the verdict so far. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BehaviourPlan } from '../core/behaviours/behaviours.ts';
import type { DoingNow } from '../core/schemas/doing-now.ts';
import type { Sample } from '../core/schemas/record.ts';
import { summarize } from '../report/fold/summarize.ts';
import { plainRows } from '../report/words/verdict-rows.ts';
import {
  broadcastSample,
  churnSample,
  driftSamples,
  slowSample,
  stormSample,
  vanishSample,
} from '../test/support/synthetic-doings.ts';
import { climb, leg, progressOf, runFile, tick } from '../test/support/synthetic-run.ts';
import { KeptSamples } from './kept-samples.ts';
import { RunFeed } from './run-feed.ts';

const SLOW: BehaviourPlan = { kind: 'slow', sharePercent: 10, bytesPerSecond: null, beside: { kind: 'idle' } };

for (const [what, samples, part, behaviour] of [
  ['a storm', [stormSample()], 'storm', null],
  ['slow readers', [slowSample()], 'slow', SLOW],
  ['vanished peers', [vanishSample()], 'vanish', null],
  ['turnover', [churnSample(), ...driftSamples(8192)], 'churn', null],
  ['a soak', driftSamples(8192).map((one) => ({ ...one, phase: 'soak' as const })), 'soak', null],
  // When messages came to the first and to the last is told of the top level alone.
  ['fan-out', [broadcastSample(), broadcastSample({ level: 20, elapsedMs: 12_000 })], 'broadcast', null],
] as const) {
  test(`the verdict so far has what came of ${what}, as a summary has it`, () => {
    const run = runFile({ status: 'running', plan: { legs: [leg({ behaviour })], launches: 1 } });
    const all: Sample[] = [...climb(5000), ...samples].sort((a, b) => a.elapsedMs - b.elapsedMs);
    const summary = summarize({ run, samples: all, events: [], problems: [] });
    const feed = new RunFeed();
    feed.runFile(run);
    for (const sample of all) feed.sample(sample);
    assert.deepEqual(feed.view().verdict, { summary, rows: plainRows(summary), isFinal: false });
    assert.notEqual(summary.legs[0]![part], null);
  });
}

test('what befalls connections now is that of the latest tick, and gone with the next phase', () => {
  const feed = new RunFeed();
  feed.runFile(runFile({ status: 'running' }));
  const at = (elapsedMs: number, doing: DoingNow): RunFeed => {
    feed.sample({ ...tick(500, progressOf(500).counts, { elapsedMs }), ...doing });
    return feed;
  };
  const storm = { cut: 250, back: 40, retries: 3 };
  assert.deepEqual(at(200, { storm }).view().now!.doing, { storm });
  assert.deepEqual(at(400, { churn: { due: 5, replaced: 4 } }).view().now!.doing, { churn: { due: 5, replaced: 4 } });
  assert.deepEqual(at(600, {}).view().now!.doing, {});
});

test('a soak of a week over many launches keeps to its bounds, with when messages came of the top level alone', () => {
  const kept = new KeptSamples();
  const [one] = driftSamples(0);
  for (let i = 0; i < 100_000; i++) kept.add({ ...one!, elapsedMs: i });
  for (let level = 0; level < 30; level++) kept.add(broadcastSample({ level, elapsedMs: 1e6 + level }));
  const samples = kept.with([], undefined);
  assert.ok(samples.length <= 2030, String(samples.length));
  const stretches = samples.filter((sample) => sample.type === 'broadcast');
  assert.deepEqual(
    stretches.map(({ firsts, lasts }) => firsts.length + lasts.length),
    [...Array(29).fill(0), 4],
  );
});
