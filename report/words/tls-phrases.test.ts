import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { AGREEMENT, agreedEvent, LEG_TLS, securedLeg, stagedClimb } from '../../test/support/secured-run.ts';
import { leg, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { reportCharts } from '../outputs/report-charts.ts';
import { caveatsOf } from './caveats.ts';
import { measuredOn } from './circumstances.ts';
import { glossaryOf } from './glossary.ts';
import { pastes } from './paste-settings.ts';
import { plain } from './phrase.ts';
import { reportTables } from './report-tables.ts';
import { agreementText } from './tls-phrases.ts';
import { verdictOf } from './verdict.ts';
import { plainRows } from './verdict-rows.ts';

const run = runFile({
  config: { memoryLimitBytes: 2 ** 31, headroomPercent: 20 },
  plan: { legs: [leg(), securedLeg()], launches: 1 },
});
const summaryOf = (securedBytes: number): Summary =>
  summarize({
    run,
    samples: [...stagedClimb(5000, { leg: 0 }, null), ...stagedClimb(securedBytes, { leg: 1 })],
    events: [agreedEvent()],
    problems: [],
  });
const summary = summaryOf(14_216);
const [ws, wss] = summary.legs as [LegSummary, LegSummary];
const lastSentence = (of: Summary): string => plain(verdictOf(of).at(-1)!);

test('a leg over TLS has a noun of its own, everywhere', () => {
  const [plainly, secured] = verdictOf(summary).map(plain);
  assert.match(plainly!, /^One more WebSocket costs 8\.7 KiB: /);
  assert.match(secured!, /^One more WebSocket over TLS costs 17\.7 KiB: 13\.9 KiB in user space and /);
  const titles = pastes(summary).map(({ title }) => plain(title));
  assert.match(titles[1]!, /^Settings for .* WebSockets over TLS on /);
  const second = verdictOf({ ...summary, legs: [{ ...wss, name: 'wss-2' }], tlsAdds: [] }).map(plain);
  assert.match(second[0]!, /^One more WebSocket over TLS \(wss-2\) costs /);
});

test('what TLS adds is a sentence of the verdict, with its interval, its parts, and the time', () => {
  assert.match(
    lastSentence(summary),
    /^TLS adds 9\.0 KiB \(between 8\.6 and 9\.4 KiB\) to one more WebSocket: 9\.0 KiB in user space, no difference shown in the kernel; it opens in 2\.\d+ ms instead of 2\.\d+ ms \(p50\), [34]\.\d+ ms of it for the TLS handshake\.$/,
  );
  assert.match(lastSentence({ ...summary, generator: { ...summary.generator, saturated: true } }), /in the kernel\.$/);
});

test('what is not shown is said to be so, and why what is not known', () => {
  assert.match(
    lastSentence(summaryOf(5100)),
    /^That TLS adds anything to one more WebSocket is not shown: the difference lies between -\d+ and \+\d+ B; it opens /,
  );
  const unknown = (why: Summary['tlsAdds'][number]['unknown']): string => {
    const none = { total: null, user: null, kernel: null, components: {}, isShown: false, unknown: why };
    return lastSentence({ ...summary, tlsAdds: [{ ...summary.tlsAdds[0]!, ...none }] }).split(';')[0]!;
  };
  assert.equal(
    unknown('inconclusive'),
    'What TLS adds to one more WebSocket is inconclusive, since the cost of ws or wss is',
  );
  assert.equal(
    unknown('no-cost'),
    "What TLS adds to one more WebSocket isn't known: that takes the cost of both ws and wss",
  );
  assert.equal(
    unknown('other-levels'),
    "What TLS adds to one more WebSocket isn't known, since ws and wss came to different levels",
  );
});

test('where the secured leg is cheaper, that is what is said', () => {
  const [adds] = summary.tlsAdds;
  const total = { bytes: -2048, low: -3072, high: -1024, percent: -10, word: 'cheaper' as const };
  const said = lastSentence({ ...summary, tlsAdds: [{ ...adds!, total, user: null, kernel: null }] });
  assert.match(said, /^TLS saves 2\.0 KiB \(between 1\.0 and 3\.0 KiB\) of one more WebSocket; /);
});

test('rows of the verdict: what TLS adds, stages, bytes on the wire, what was agreed on', () => {
  const rows = new Map(plainRows(summary).map(({ label, cells }) => [label, cells]));
  assert.deepEqual(rows.get('TLS'), [
    'none',
    'TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, server key EC P-256; 0 % of handshakes resumed',
  ]);
  assert.match(rows.get('  of it TLS adds')![1]!, /^\+9\.0 KiB \[\+8\.6, \+9\.4\] \(\+10\d\.\d %\)$/);
  assert.equal(rows.get('  of it TLS adds')![0], '–');
  assert.equal(rows.get('  securing')![0], '–');
  assert.match(rows.get('  securing')![1]!, /^[34]\.\d+ ms \/ /);
  assert.deepEqual(rows.get('  on the wire'), [
    '100 B in, 150 B out, each',
    '1.4 KiB in, 550 B out (100 B and 150 B of it said), each',
  ]);
  const plainAlone = plainRows({ ...summary, legs: [ws], tlsAdds: [] }).map(({ label }) => label);
  assert.ok(!plainAlone.some((label) => /TLS|securing|wire/.test(label)));
});

test('the table of what TLS adds has both legs and their parts', () => {
  const table = reportTables(summary).find(({ caption }) => plain(caption).startsWith('What TLS adds'))!;
  assert.equal(plain(table.caption), 'What TLS adds: wss beside ws, with 95 % intervals');
  const rows = new Map(table.rows.map(({ head, cells }) => [plain(head).trim(), cells.map(plain)]));
  assert.match(
    rows.get('one more connection costs')!.join(' | '),
    /^8\.7 KiB .* \| 17\.7 KiB .* \| \+9\.0 KiB .* \| dearer$/,
  );
  assert.deepEqual(rows.get('in the kernel')!.at(-1), 'no difference shown');
  assert.deepEqual(rows.get('received for each open, on the wire'), ['100 B', '1.4 KiB', '', '']);
  assert.ok(rows.has('other user memory') && rows.has('time to open, p99'));
  const stages = reportTables(summary).find(({ caption }) => plain(caption).startsWith('What opening consists of'))!;
  assert.deepEqual(
    stages.rows.map(({ head }) => plain(head)),
    ['ws: connecting', 'ws: handshaking', 'wss: connecting', 'wss: securing', 'wss: handshaking'],
  );
});

test('charts show the stages of each leg, and both legs part by part', () => {
  const charts = reportCharts(summary, { time: [], phases: [], legs: [] });
  const captionOf = (id: string): string => plain(charts.find((chart) => chart.id === id)!.caption);
  assert.match(
    captionOf('stages'),
    /^ws: connecting 0\.50\d? ms, .*handshaking 1\.\d+ ms\. wss: .*securing [34]\.\d+ ms/,
  );
  assert.equal(captionOf('tls-adds-wss'), 'ws, wss: each part of what one more connection costs.');
});

test('each agreement is a line', () => {
  assert.equal(
    agreementText({
      version: '1.2',
      suite: 'TLS_RSA_WITH_AES_128_CBC_SHA',
      group: 'none',
      serverKey: 'RSA 2048',
      alpn: 'h2',
    }),
    'TLS 1.2, TLS_RSA_WITH_AES_128_CBC_SHA, server key RSA 2048, ALPN h2',
  );
  assert.equal(agreementText(AGREEMENT), 'TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, server key EC P-256');
});

test('caveats: nobody verified, sessions resumed, objects kept with their price', () => {
  const caveats = (more: Partial<NonNullable<LegSummary['tls']>>): string[] =>
    caveatsOf(run, { ...summary, legs: [ws, { ...wss, tls: { ...wss.tls!, ...more } }] })
      .map(plain)
      .filter((caveat) => caveat.startsWith('wss'));
  assert.deepEqual(caveats({}), []);
  assert.deepEqual(caveats({ verify: false }), [
    'wss: certificates were not verified (--insecure), so nobody knows whom connections went to.',
  ]);
  assert.deepEqual(caveats({ resume: true, resumedPercent: 98 }), [
    'wss: 98 % of handshakes took up an earlier session (--resume on). That is cheaper for both ends than a first visit.',
  ]);
  assert.match(
    caveats({ keptObjects: 3000 })[0]!,
    /^wss: the client kept .* for 3,000 open connections, some 30 KB each/,
  );
});

test('what was asked for stands among the circumstances, and words are explained where they are used', () => {
  const told = (tls: typeof LEG_TLS): string | undefined => {
    const asked = runFile({ plan: { legs: [leg(), securedLeg({ tls })], launches: 1 } });
    const found = measuredOn(asked).find(({ key }) => key === 'tls');
    return found && plain(found.value);
  };
  assert.equal(told(LEG_TLS), 'wss: TLS 1.2 or 1.3, each open a first visit');
  assert.equal(
    told({ ...LEG_TLS, versions: ['1.2'], ciphers: 'ECDHE-RSA-AES128-SHA', verify: false, resume: true }),
    'wss: TLS 1.2, suites ECDHE-RSA-AES128-SHA, certificates not verified, sessions resumed',
  );
  assert.equal(
    measuredOn(runFile()).find(({ key }) => key === 'tls'),
    undefined,
  );
  const words = (legs: readonly LegSummary[]): string[] => glossaryOf(legs).map(([word]) => word);
  assert.ok(words([ws, wss]).includes('securing') && words([ws]).includes('connecting'));
  assert.ok(!words([ws]).includes('securing') && !words([{ ...ws, stages: null }]).includes('connecting'));
});
