import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import type { Received } from '../../core/schemas/talk.ts';
import { climb, LEVELS, leg, runFile } from '../../test/support/synthetic-run.ts';
import { receiving, talking } from '../../test/support/talking-run.ts';
import { LEVELS_CSV } from '../outputs/csv.ts';
import { plain } from '../words/phrase.ts';
import { reportTables } from '../words/report-tables.ts';
import { verdictOf } from '../words/verdict.ts';
import { plainRows } from '../words/verdict-rows.ts';
import { meanRate, pooledReceived } from './received.ts';
import { summarize } from './summarize.ts';

const NOTHING = { messages: 0, payloadBytes: 0 };
const ALL = { messages: 12_000, payloadBytes: 1_860_000 };

/** A run whose connections received so much each, in the two seconds in which they were held. */
function runThat(each: Received, all = ALL, protocol: ProtocolName = 'ws'): Summary {
  const run = runFile({ plan: { legs: [leg({ protocol })], launches: 1 } });
  return summarize({ run, samples: receiving(climb(5000, { protocol }), each, all), events: [], problems: [] });
}
const legOf = ({ legs }: Summary): LegSummary => legs[0]!;
const tableOf = (summary: Summary) => reportTables(summary).find(({ caption }) => /what came in/.test(plain(caption)));

test('what is pushed to idle connections stands in the verdict, its rows, a table and levels.csv', () => {
  const summary = runThat({ messages: 4, payloadBytes: 620 });
  const rate = { messagesPerSecond: 2, bytesPerSecond: 310 };
  assert.deepEqual(legOf(summary).received, { ...ALL, each: rate });
  assert.deepEqual(
    legOf(summary).levels.map(({ received }) => received),
    LEVELS.map(() => rate),
  );
  const said = '2.0 messages and 310 B a second';
  assert.match(plain(verdictOf(summary)[0]!), new RegExp(`; each connection received ${said} while held\\.$`));
  const row = plainRows(summary).find(({ label }) => label === 'received by each, while held');
  assert.deepEqual(row!.cells, [said]);
  const table = tableOf(summary)!;
  assert.deepEqual(
    table.rows.map(({ head, cells }) => [head, ...cells].map(plain)),
    LEVELS.map((level) => [level.toLocaleString('en-US'), '2.0', '310 B']),
  );
  const [head, first] = String('make' in LEVELS_CSV && LEVELS_CSV.make({ summary } as never)).split('\n');
  assert.match(head!, /,leg,received_messages_per_second,received_bytes_per_second$/);
  assert.match(first!, /,ws,2,310$/);
});

test('tcp has bytes and no messages, unless somebody cut it into some', () => {
  const bytesAlone = runThat({ messages: 0, payloadBytes: 620 }, { messages: 0, payloadBytes: 99 }, 'tcp');
  const { received } = legOf(bytesAlone);
  assert.deepEqual(received, {
    messages: null,
    payloadBytes: 99,
    each: { messagesPerSecond: null, bytesPerSecond: 310 },
  });
  assert.match(plain(verdictOf(bytesAlone)[0]!), /; each connection received 310 B a second while held\.$/);
  assert.equal(tableOf(bytesAlone)!.columns.length, 2);
  assert.equal(legOf(runThat({ messages: 4, payloadBytes: 620 }, ALL, 'tcp')).received!.each!.messagesPerSecond, 2);
});

test('where nothing came in nothing is said, and what was not recorded is not known', () => {
  // A greeting isn't what comes in while levels are held.
  for (const summary of [runThat(NOTHING, NOTHING), runThat(NOTHING)]) {
    assert.deepEqual(legOf(summary).received!.each, { messagesPerSecond: 0, bytesPerSecond: 0 });
    assert.doesNotMatch(plain(verdictOf(summary)[0]!), /received/);
    assert.ok(!plainRows(summary).some(({ label }) => /received/.test(label)));
    assert.equal(tableOf(summary), undefined);
  }
  const older = summarize({ run: runFile(), samples: climb(5000), events: [], problems: [] });
  assert.deepEqual([legOf(older).received, legOf(older).levels[0]!.received], [null, null]);
});

test('a message now and then is told as what it is; of those that were asked for the verdict says nothing', () => {
  const rare = runThat({ messages: 0.05, payloadBytes: 0.4 });
  assert.match(plain(verdictOf(rare)[0]!), /each connection received 0\.025 messages and 0\.20 B a second while held/);
  const samples = receiving(climb(5000), { messages: 4, payloadBytes: 620 }, ALL);
  const echoed = talking(samples, () => ({ messages: 500, replies: 500 }));
  const summary = summarize({ run: runFile(), samples: echoed, events: [], problems: [] });
  assert.doesNotMatch(plain(verdictOf(summary)[0]!), /received/);
  assert.ok(plainRows(summary).some(({ label }) => label === 'received by each, while held'));
});

test('over launches counts are summed, and rates are means of those that know them', () => {
  const rate = (messagesPerSecond: number | null, bytesPerSecond: number) => ({ messagesPerSecond, bytesPerSecond });
  assert.deepEqual(meanRate([rate(1, 10), null, rate(3, 20)]), rate(2, 15));
  assert.deepEqual(meanRate([rate(null, 10)]), rate(null, 10));
  assert.equal(meanRate([null]), null);
  assert.deepEqual(pooledReceived([{ messages: 1, payloadBytes: 5, each: rate(1, 10) }, null]), {
    messages: 1,
    payloadBytes: 5,
    each: rate(1, 10),
  });
  assert.equal(pooledReceived([null]), null);
});
