import assert from 'node:assert/strict';
import { test } from 'node:test';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { plain } from './phrase.ts';
import { reportTables } from './report-tables.ts';

test('every row of round trips has all columns, also at a level where nothing was answered', () => {
  const run = runFile({ plan: { legs: [leg({ protocol: 'http' })], launches: 1 } });
  const summary = summarize({ run, samples: climb(7000, { leg: 0, protocol: 'http' }), events: [], problems: [] });
  const [first] = summary.legs;
  const rtt = { p50Ms: 1, p99Ms: 2, p999Ms: 3, uncorrectedP99Ms: 2, messagesPerSecond: 100 };
  const talked = {
    ...rtt,
    lateReplies: 0,
    lostReplies: 4,
    lostPercent: null,
    beside: null,
    fromOthers: 0,
    statuses: { '2xx': 90, '3xx': 1, '4xx': 2, '5xx': 3 },
  };
  const levels = first!.levels.map((level, i) => ({ ...level, rtt: i > 0 ? talked : { ...talked, statuses: null } }));
  const table = reportTables({ ...summary, legs: [{ ...first!, levels }] }).find(({ caption }) =>
    /round trips/.test(plain(caption)),
  );
  assert.equal(table!.columns.at(-1)!.title, 'status 4xx, 5xx');
  assert.ok(table!.rows.every(({ cells }) => cells.length === table!.columns.length - 1));
  assert.deepEqual(
    table!.rows.map(({ cells }) => plain(cells.at(-1)!)),
    ['–', ...levels.slice(1).map(() => '5')],
  );
});
