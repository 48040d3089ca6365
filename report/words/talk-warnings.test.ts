import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary, Rtt } from '../../core/schemas/leg-summary.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { limitersOf } from '../fold/capacity.ts';
import { summarize } from '../fold/summarize.ts';
import { plain } from './phrase.ts';
import { reportTables } from './report-tables.ts';
import { talkWarnings } from './talk-warnings.ts';
import { verdictOf } from './verdict.ts';
import { plainRows } from './verdict-rows.ts';

const TIMES = { p50Ms: 1, p99Ms: 2, p999Ms: 3, uncorrectedP99Ms: 2 };
const NO_TIMES = { p50Ms: null, p99Ms: null, p999Ms: null, uncorrectedP99Ms: null };
const talked = (more: Partial<Rtt>): Rtt => ({
  ...TIMES,
  messagesPerSecond: 5000,
  lateReplies: 0,
  lostReplies: 0,
  lostPercent: null,
  beside: null,
  fromOthers: 0,
  statuses: null,
  ...more,
});

const run = runFile({ plan: { legs: [leg({ protocol: 'tcp' })], launches: 1 }, config: { rttLimitMs: 1000 } });
const summary = summarize({ run, samples: climb(7000, { leg: 0, protocol: 'tcp' }), events: [], problems: [] });
/** The leg as if at each of its levels this had come of messages. */
function legWith(rtt: Rtt): LegSummary {
  const [first] = summary.legs;
  return { ...first!, rtt, levels: first!.levels.slice(0, 1).map((level) => ({ ...level, rtt })) };
}
const verdictWith = (rtt: Rtt): string => plain(verdictOf({ ...summary, legs: [legWith(rtt)] })[0]!);

const CHAT = talked({ ...NO_TIMES, lostReplies: 10_000, fromOthers: 4_990_000 });
const DEAF = talked({ ...NO_TIMES, lostReplies: 10_000 });
const ROOM = talked({ fromOthers: 4_990_000 });

const WARNED: ReadonlyArray<readonly [what: string, rtt: Rtt, warnings: string[]]> = [
  ['all came back', talked({}), []],
  ['all came back, and went to others too', ROOM, []],
  ['some were lost', talked({ lostReplies: 3 }), ['3 got no answer in time, and are in no round trip']],
  [
    'all went to others alone',
    CHAT,
    [
      'none of 10,000 messages came back to its sender, and 4,990,000 were received from others: the target passes messages on to others, and no round trip was measured',
    ],
  ],
  [
    'nothing came at all',
    DEAF,
    ['none of 10,000 messages came back: the target does not send back what it is sent, so no round trip was measured'],
  ],
];
for (const [what, rtt, warnings] of WARNED) {
  test(`warnings where ${what}`, () => {
    assert.deepEqual(
      talkWarnings(legWith(rtt)),
      warnings.map((text) => `tcp: at 500 connections ${text}`),
    );
  });
}

test('what goes for many levels is told once', () => {
  const [first, second, third] = legWith(DEAF).levels.concat(
    legWith(DEAF).levels,
    legWith(talked({ lostReplies: 3 })).levels,
  );
  const levels = [first!, { ...second!, open: 1000 }, { ...third!, open: 1500 }];
  assert.deepEqual(talkWarnings({ ...legWith(DEAF), levels }), [
    'tcp: at 2 levels, from 500 to 1,000 connections, none of 20,000 messages came back: the target does not send back what it is sent, so no round trip was measured',
    'tcp: at 1,500 connections 3 got no answer in time, and are in no round trip',
  ]);
});

test('the verdict says that no message came back, and why', () => {
  assert.match(
    verdictWith(CHAT),
    /; none of 10,000 messages came back to its sender \(the target passes messages on to others\), so round trips aren't known\.$/,
  );
  assert.match(verdictWith(DEAF), /; none of 10,000 messages came back to its sender, so round trips aren't known\.$/);
  for (const rtt of [ROOM, talked({ lostReplies: 3 })]) assert.doesNotMatch(verdictWith(rtt), /came back/);
});

test('rows and the table of round trips tell what was received from others, where there was any', () => {
  const cellsOf = (rtt: Rtt): Array<readonly [string, string]> =>
    plainRows({ ...summary, legs: [legWith(rtt)] })
      .filter(({ label }) => /round trip|others/.test(label))
      .map(({ label, cells }) => [label, cells[0]!]);
  assert.deepEqual(cellsOf(CHAT), [
    ['round trip, p50 / p99 / p99.9', 'none of 10,000 came back'],
    ['  received from others', '4,990,000'],
  ]);
  assert.deepEqual(cellsOf(talked({})), [['round trip, p50 / p99 / p99.9', '1.00 ms / 2.00 ms / 3.00 ms']]);
  const table = reportTables({ ...summary, legs: [legWith(ROOM)] }).find(({ caption }) =>
    /round trips/.test(plain(caption)),
  )!;
  assert.equal(table.columns.at(-1)!.title, 'from others');
  assert.deepEqual(
    table.rows.map(({ cells }) => plain(cells.at(-1)!)),
    ['4,990,000'],
  );
});

test('a level at which no message came back is over any limit of round trips', () => {
  const limits = (rtt: Rtt) =>
    limitersOf(run, legWith(rtt), 0, null)
      .filter(({ what }) => what === 'rtt')
      .map(({ at }) => at);
  assert.deepEqual([limits(CHAT), limits(DEAF), limits(ROOM)], [[500], [500], []]);
});
