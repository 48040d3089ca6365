import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, RunFile, Sample } from '../core/schemas/record.ts';
import { seriesOf } from '../report/fold/series.ts';
import { summarize } from '../report/fold/summarize.ts';
import { plainRows } from '../report/words/verdict-rows.ts';
import { agreedEvent, securedLeg, stagedClimb } from '../test/support/secured-run.ts';
import { climb, leg, progressOf, runFile, tick } from '../test/support/synthetic-run.ts';
import { KeptSamples } from './kept-samples.ts';
import { RunFeed } from './run-feed.ts';
import { applyChange, type RunView } from './view.ts';

const PLAN = { legs: [leg({ protocol: 'tcp' }), leg()], launches: 2 };
const running = (more: Partial<RunFile> = {}): RunFile =>
  runFile({ plan: PLAN, status: 'running', exitCode: null, finishedAt: null, ...more });

/** Two legs, two launches, in the order of time. */
function record(): Sample[] {
  let elapsedMs = 0;
  return [0, 1].flatMap((launch) =>
    (['tcp', 'ws'] as const).flatMap((protocol, index) =>
      climb(4000 + 1000 * index + 100 * launch, { launch, leg: index, protocol }).map((sample) => {
        elapsedMs += 200;
        return { ...sample, elapsedMs };
      }),
    ),
  );
}

function feedOf(samples: readonly Sample[], events: readonly RunEvent[] = [], run = running()): RunFeed {
  const feed = new RunFeed();
  feed.runFile(run);
  for (const event of events) feed.event(event);
  for (const sample of samples) feed.sample(sample);
  return feed;
}

test('the verdict so far is what a summary of the record so far says', () => {
  const samples = record();
  for (const end of [1, 5, 9, 18, samples.length]) {
    const some = samples.slice(0, end);
    const summary = summarize({ run: running(), samples: some, events: [], problems: [] });
    const { verdict, time, legs } = feedOf(some).view();
    if (some.every(({ type }) => type === 'tick')) assert.equal(verdict, null);
    else assert.deepEqual(verdict, { summary, rows: plainRows(summary), isFinal: false }, `after ${end} samples`);
    const series = seriesOf({ run: running(), samples: some, events: [], problems: [] });
    assert.deepEqual({ time, legs }, { time: series.time, legs: series.legs });
  }
});

test('what comes in now is told by two ticks, and nothing is told where nothing does', () => {
  const at = (elapsedMs: number, messages: number, payloadBytes: number, protocol: 'tcp' | 'ws' = 'ws') => ({
    ...tick(500, progressOf(500).counts, { elapsedMs, protocol, leg: protocol === 'ws' ? 1 : 0 }),
    received: { messages, payloadBytes },
  });
  const now = (...samples: Sample[]) => feedOf(samples).view().now!.received;
  assert.deepEqual(now(at(1000, 500, 5000), at(1200, 700, 36_000)), {
    messagesPerSecond: 1000,
    bytesPerSecond: 155_000,
  });
  assert.deepEqual(now(at(1000, 0, 5000, 'tcp'), at(1200, 0, 36_000, 'tcp')), {
    messagesPerSecond: null,
    bytesPerSecond: 155_000,
  });
  assert.equal(now(at(1000, 0, 0), at(1200, 0, 0)), null);
  assert.equal(now(at(1000, 500, 5000)), null);
  const older = tick(500, progressOf(500).counts, { elapsedMs: 1200, leg: 1 });
  assert.equal(now({ ...older, elapsedMs: 1000 }, older), null);
});

test('changes, one after the other, lead to the view', () => {
  const feed = new RunFeed();
  let view = feed.view();
  const follow = (): void => {
    const change = feed.changes();
    if (change) view = applyChange(view, change) as RunView;
  };
  feed.runFile(running());
  for (const [i, sample] of record().entries()) {
    feed.event({ type: 'phase', elapsedMs: i, launch: 0, leg: 0, protocol: 'ws', phase: 'ramp', level: i });
    feed.sample(sample);
    feed.left(1000 - i);
    if (i % 3 === 0) follow();
  }
  for (let i = 0; i < 1500; i++) {
    feed.sample(tick(1, progressOf(i).counts, { elapsedMs: 1e6 + i }));
    if (i % 100 === 0) follow();
  }
  feed.finish(summarize({ run: runFile({ plan: PLAN }), samples: record(), events: [], problems: [] }));
  follow();
  assert.deepEqual(view, feed.view());
  assert.equal(feed.changes(), undefined);
});

test('what is said while the run goes on, and at the end what the summary says', () => {
  const events: RunEvent[] = [
    { type: 'warning', elapsedMs: 1, text: 'a neighbour' },
    { type: 'trouble', elapsedMs: 2, launch: 0, leg: 1, protocol: 'ws', what: 'refused', detail: 'ECONNREFUSED' },
    { type: 'error', elapsedMs: 3, code: 'ETARGET', message: 'it is gone', hint: 'look' },
    { type: 'error', elapsedMs: 4, code: 'ELATER', message: 'because of that', hint: 'look' },
    { type: 'target-output', elapsedMs: 5, text: '<b>out of memory</b>' },
  ];
  const feed = feedOf(record(), events);
  assert.deepEqual(feed.view().notices, {
    warnings: ['a neighbour'],
    troubles: ['ws: refused: ECONNREFUSED', 'the target said last: <b>out of memory</b>'],
    error: { code: 'ETARGET', message: 'it is gone', hint: 'look' },
    more: 0,
  });
  const run = runFile({ plan: PLAN, status: 'failed', exitCode: 4 });
  const summary = summarize({ run, samples: record(), events, problems: ['a line was cut off'] });
  feed.finish(summary);
  const { notices, standing, verdict } = feed.view();
  assert.deepEqual([standing, verdict?.isFinal, verdict?.summary], ['ended', true, summary]);
  assert.deepEqual(notices.warnings, summary.warnings);
  assert.ok(notices.warnings.includes('a line was cut off'));
});

test('progress is counted in memory points', () => {
  const samples = record();
  const feed = feedOf(samples.slice(0, 3));
  feed.left(1234.5);
  // Two launches of two legs: a baseline, six levels and what is retained.
  assert.deepEqual(feed.view().progress, { done: 2, all: 2 * 2 * 8, leftMs: 1235 });
  assert.deepEqual(feedOf(samples).view().progress.done, 2 * 2 * 8);
});

test('opens per second are those since the tick before, of the same leg', () => {
  const at = (elapsedMs: number, opened: number, index = 0): Sample =>
    tick(500, progressOf(opened).counts, { elapsedMs, leg: index });
  const rateOf = (...samples: Sample[]): number | undefined => feedOf(samples).view().now?.openedPerSecond;
  assert.equal(rateOf(at(0, 0)), 0);
  assert.equal(rateOf(at(0, 100), at(200, 150)), 250);
  assert.equal(rateOf(at(0, 100), at(200, 150), at(400, 50, 1)), 0);
});

test('a run of a day with thousands of levels keeps to its bounds', () => {
  const feed = feedOf([]);
  const one = tick(500, progressOf(400).counts);
  for (let i = 0; i < 432_000; i++) feed.sample({ ...one, elapsedMs: i * 200 });
  const [point] = climb(5000).filter(({ type }) => type === 'memory');
  for (let i = 0; i < 5000; i++) {
    feed.sample({ ...point!, elapsedMs: 1e9 + i } as Sample);
    feed.event({ type: 'warning', elapsedMs: i, text: `warning ${i}` });
    feed.event({ type: 'phase', elapsedMs: i, launch: 0, leg: 0, protocol: 'ws', phase: 'hold', level: i });
  }
  const view = feed.view();
  assert.ok(view.time.length <= 600);
  assert.equal(view.phases.length, 300);
  assert.deepEqual([view.notices.warnings.length, view.notices.more], [50, 4950]);
  const bytes = JSON.stringify(view).length;
  assert.ok(bytes < 500_000, String(bytes));
});

test('a run that says nothing is silent, until it says something or ends', () => {
  const feed = feedOf(record());
  feed.silent(true);
  assert.equal(feed.view().standing, 'silent');
  feed.silent(false);
  assert.equal(feed.view().standing, 'running');
  feed.finish(summarize({ run: runFile({ plan: PLAN }), samples: record(), events: [], problems: [] }));
  feed.silent(true);
  assert.equal(feed.view().standing, 'ended');
});

test('over TLS the page has what was agreed on, stages and what TLS adds, as a summary has them', () => {
  const run = running({ plan: { legs: [leg(), securedLeg()], launches: 1 } });
  const samples = [...stagedClimb(5000, { leg: 0 }, null), ...stagedClimb(14_000, { leg: 1 })];
  const events = [agreedEvent()];
  const feed = feedOf(samples.slice(0, -1), events, run);
  const { verdict } = feed.view();
  const summary = summarize({ run, samples: samples.slice(0, -1), events, problems: [] });
  assert.deepEqual(verdict, { summary, rows: plainRows(summary), isFinal: false });
  assert.equal(summary.legs[1]!.tls!.agreed.length, 1);
  assert.ok(summary.tlsAdds[0]!.isShown && summary.legs[1]!.stages!.securing!.p50Ms > 3);
  const rows = new Map(verdict!.rows.map(({ label, cells }) => [label, cells]));
  assert.match(rows.get('TLS')![1]!, /^TLS 1\.3, TLS_AES_128_GCM_SHA256, /);
});

test('what was agreed on is bounded, however often a record says it', () => {
  const run = running({ plan: { legs: [securedLeg()], launches: 1 } });
  const feed = feedOf(
    [],
    Array.from({ length: 10_000 }, (_, i) => agreedEvent({ suite: `S${i}` }, { leg: 0 })),
    run,
  );
  for (const sample of stagedClimb(14_000, { leg: 0 })) feed.sample(sample);
  assert.equal(feed.view().verdict!.summary.legs[0]!.tls!.agreed.length, 20);
});

test('stages are kept of the last point of each climb alone', () => {
  const kept = new KeptSamples();
  const samples = [0, 1].flatMap((launch) => stagedClimb(14_000, { leg: 0, launch }));
  for (const sample of samples) kept.add(sample);
  const staged = kept
    .with([], undefined)
    .filter((sample) => sample.type === 'memory' && sample.progress.stages.connecting.length > 0);
  assert.deepEqual(
    staged.map((sample) => [sample.launch, sample.type === 'memory' && sample.phase]),
    [
      [0, 'retained'],
      [1, 'retained'],
    ],
  );
});
