import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample, VanishEpisode } from '../../core/schemas/record.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { checked, readThreshold } from '../../core/values/thresholds.ts';
import { climb, leg, progressOf, runFile } from '../../test/support/synthetic-run.ts';
import { plain } from '../words/phrase.ts';
import { vanishClause, vanishTable } from '../words/vanish-phrases.ts';
import { plainRows } from '../words/verdict-rows.ts';
import { summarize } from './summarize.ts';

const MIB = 2 ** 20;
const cost = (userBytes: number, unackedBytes: number) => ({
  userBytes,
  unackedBytes,
  unackedMemoryBytes: 4 * unackedBytes,
});

/** All of 100 noticed, the nth after n × 100 ms, unless said. */
const episode = (more: Partial<VanishEpisode> = {}): VanishEpisode => ({
  type: 'vanish',
  elapsedMs: 50_000,
  launch: 0,
  leg: 0,
  protocol: 'ws',
  progress: progressOf(0, 3000),
  level: 3000,
  vanished: 100,
  noticed: 100,
  waitedMs: 10_050,
  precisionMs: 60,
  seenBy: 'sockets',
  notices: { ping: 90, silence: 10, 'keep-alive': 0, retransmission: 0 },
  retransmitted: 90,
  probed: 0,
  orphans: 100,
  before: cost(20 * MIB, 0),
  most: cost(21 * MIB, 540),
  after: cost(20.5 * MIB, 0),
  vanishedAtMs: [40_000, 40_010],
  noticeMs: Array.from({ length: 100 }, (_, i) => (i + 1) * 100),
  looks: 150,
  lookMs: 3,
  ...more,
});

function summaryOf(...episodes: Sample[]): Summary {
  const launches = episodes.length || 1;
  const run = runFile({ plan: { legs: [leg()], launches } });
  return summarize({ run, samples: [...climb(5000), ...episodes], events: [], problems: [] });
}
const vanishOf = (...episodes: Sample[]) => summaryOf(...episodes).legs[0]!.vanish;

test('what came of vanished peers is in the summary, in the verdict, and can be a threshold', () => {
  const summary = summaryOf(episode());
  assert.deepEqual(Summary.parse(JSON.parse(JSON.stringify(summary))), summary);
  const [one] = summary.legs;
  assert.deepEqual(
    [one!.vanish!.noticeP50Ms, one!.vanish!.noticeP99Ms, one!.vanish!.noticeAllMs, one!.vanish!.stillHeld],
    [5000, 9900, 10_000, 0],
  );
  assert.equal(
    plain(vanishClause(one!)),
    'it let go of 100 peers that vanished within 10.00 s, after something it had said was not answered',
  );
  const rows = plainRows(summary).filter(({ label }) => /vanished|still held/.test(label));
  assert.deepEqual(rows, [
    { label: 'vanished peers held, p50 / p99 / all', cells: ['5.00 s / 9.90 s / 10.00 s'] },
    { label: '  still held', cells: ['0 of 100 after 10.05 s'] },
  ]);
  const threshold = readThreshold('ws.vanish.noticeP99Ms > 9s');
  assert.ok(typeof threshold === 'object');
  assert.deepEqual(checked(threshold, summary), {
    expression: 'ws.vanish.noticeP99Ms > 9s',
    value: 9900,
    passed: false,
    isShown: true,
  });
});

test('those that are still held are slower than any: a quantile among them is not known', () => {
  const held = episode({ noticed: 60, noticeMs: Array.from({ length: 60 }, (_, i) => i + 1) });
  const summary = summaryOf(held);
  const [one] = summary.legs;
  const { noticeP50Ms, noticeP99Ms, noticeAllMs, stillHeld } = one!.vanish!;
  assert.deepEqual([noticeP50Ms, noticeP99Ms, noticeAllMs, stillHeld], [50, null, null, 40]);
  assert.equal(
    plain(vanishClause(one!)),
    '40 of 100 peers that vanished were still held after 10.05 s; half of them were let go of within 50.0 ms',
  );
  const threshold = readThreshold('ws.vanish.noticeP99Ms > 9s');
  assert.ok(typeof threshold === 'object');
  assert.equal(checked(threshold, summary).passed, false, 'what is not known has not passed');
  const none = summaryOf(episode({ noticed: 0, noticeMs: [] })).legs[0]!;
  assert.equal(plain(vanishClause(none)), 'all of 100 peers that vanished were still held after 10.05 s');
});

test('launches are counted together, and of many times each that is written down stands for several', () => {
  const many = episode({ launch: 1, vanished: 300, noticed: 300, noticeMs: [200, 400, 600] });
  const both = vanishOf(episode(), many)!;
  assert.deepEqual([both.vanished, both.noticed, both.stillHeld, both.retransmitted], [400, 400, 0, 180]);
  assert.deepEqual([both.noticeP50Ms, both.noticeAllMs], [400, 10_000]);
  assert.deepEqual(both.notices, { ping: 180, silence: 20, 'keep-alive': 0, retransmission: 0 });
});

test('where nobody could see, nothing is said but that', () => {
  const blind = summaryOf(
    episode({ seenBy: null, notices: null, noticed: 0, noticeMs: [], retransmitted: null, probed: null }),
  );
  const [one] = blind.legs;
  assert.deepEqual([one!.vanish!.stillHeld, one!.vanish!.noticeP50Ms, one!.vanish!.notices], [null, null, null]);
  assert.equal(plain(vanishClause(one!)), '100 peers vanished, and nobody tells when the target let go of them');
  assert.equal(vanishOf(), null);
  assert.equal(vanishTable(summaryOf().legs[0]!).rows.length, 0);
});
