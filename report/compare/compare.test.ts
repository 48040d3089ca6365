import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunFile } from '../../core/schemas/record.ts';
import { agreedEvent, LEG_TLS, securedLeg, stagedClimb } from '../../test/support/secured-run.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { measuredOn } from '../words/circumstances.ts';
import { phraseOf, plain } from '../words/phrase.ts';
import { reportTables } from '../words/report-tables.ts';
import { type Comparison, comparisonOf, type ReadRun } from './comparison.ts';
import { legTables, sentencesOf } from './comparison-phrases.ts';
import { comparisonPage } from './outputs.ts';

/** A run of ws with so many bytes for each connection. */
function runOf(bytes: number, more: Partial<RunFile> = {}, launches = 1): ReadRun {
  const run = runFile({ plan: { legs: [leg()], launches }, ...more });
  const samples = Array.from({ length: launches }, (_, launch) => climb(bytes + launch, { launch })).flat();
  return { folder: `run-${bytes}`, run, summary: summarize({ run, samples, events: [], problems: [] }), problems: [] };
}
const told = (comparison: Comparison): string[] => sentencesOf(comparison).map(plain);

test('each run is compared with the first, whose cost it is set against', () => {
  const comparison = comparisonOf([runOf(5000), runOf(6000), runOf(5010), runOf(3000)]);
  assert.deepEqual(
    comparison.runs.map(({ letter }) => letter),
    ['A', 'B', 'C', 'D'],
  );
  const [ws] = comparison.legs;
  const user = ws!.parts.find(({ part }) => part === 'user')!;
  assert.deepEqual(
    user.values.map((value) => value?.difference?.word ?? null),
    [null, 'dearer', 'no difference shown', 'cheaper'],
  );
  const [, dearer] = user.values;
  assert.ok(Math.abs(dearer!.difference!.bytes - 1000) < 1 && Math.abs(dearer!.difference!.percent! - 20) < 0.1);
  assert.ok(dearer!.difference!.low > 500 && dearer!.difference!.high < 1500);
  assert.match(
    told(comparison)[0]!,
    /^B, ws: dearer than A; what one more WebSocket costs differs by \+1000 B \[\+\d+, \+\d+\]/,
  );
});

test('a part is told where the whole hides it, and charts show both beside what is allowed', () => {
  const [less, more] = [runOf(5000), runOf(5000)].map((one, i): ReadRun => {
    const [ws] = one.summary.legs;
    const perConnection = ws!.perConnection!;
    const external = 16_384 * (1 + i);
    // The whole scatters by more than the part has grown by.
    const wide = { bytes: 200_000 + external, low: 150_000, high: 250_000 };
    const exact = { bytes: external, low: external - 50, high: external + 50 };
    const components = { ...perConnection.components, external };
    const made = {
      ...perConnection,
      total: wide,
      components,
      componentEstimates: { external: exact, userOther: null },
    };
    return { ...one, summary: { ...one.summary, legs: [{ ...ws!, perConnection: made }] } };
  }) as [ReadRun, ReadRun];
  const comparison = comparisonOf([less, more]);
  assert.match(
    told(comparison)[0]!,
    /^B, ws: no difference shown; .*; shown part by part: external to the heap by \+16\.0 KiB \[\+14\.\d, \+17\.\d\]\.$/,
  );
  const html = comparisonPage(comparison, 'test');
  for (const id of ['difference-ws', 'parts-ws', 'memory-ws']) assert.ok(html.includes(`<figure id="${id}">`), id);
  assert.ok(html.includes('5 % of what A costs'));
  // The same of runs that are alike says nothing.
  assert.doesNotMatch(told(comparisonOf([less, less]))[0]!, /part by part/);
});

test('a part is told where nobody knows the whole', () => {
  /** Levels that scatter too much to tell a cost, with so much external memory in each connection. */
  const scattering = (externalBytes: number): ReadRun => {
    const run = runFile({ plan: { legs: [leg()], launches: 1 } });
    const samples = climb(5000).map((sample) => {
      if (sample.type !== 'memory') return sample;
      const { readings, level } = sample;
      const target = { ...readings.target! };
      target.anonBytes = target.anonBytes! + ((level / 500) % 2 === 0 ? 2e7 : -2e7);
      const processes = readings.runtime!.processes.map((one) => ({
        ...one,
        externalBytes: 1e6 + level * externalBytes,
      }));
      return { ...sample, readings: { ...readings, target, runtime: { ...readings.runtime!, processes } } };
    });
    return { folder: 'r', run, summary: summarize({ run, samples, events: [], problems: [] }), problems: [] };
  };
  const [less, more] = [scattering(100), scattering(16_100)];
  const [ws] = more.summary.legs;
  assert.equal(ws!.perConnection, null);
  const { components } = ws!.inconclusive!;
  assert.equal(Math.round(components.external!.bytes), 16_100);
  // What scatters is what is left over.
  assert.ok(components.tcpSock && !('userOther' in components));

  const comparison = comparisonOf([less, more]);
  assert.match(
    told(comparison)[0]!,
    /^B, ws: what one more WebSocket costs in all is not compared with A, since A knows no cost and B knows no cost; shown part by part: external to the heap by \+15\.6 KiB \[\+1\d\.\d, \+1\d\.\d\]\.$/,
  );
  const [table] = legTables(comparison.legs[0]!, comparison.runs);
  const row = table!.rows.find(({ head }) => plain(head).trim() === 'external to the heap');
  assert.equal(plain(row!.cells.at(-1)!), 'dearer');
  assert.deepEqual(told(comparisonOf([less, less])), [
    'B, ws: not compared with A, since A knows no cost and B knows no cost.',
  ]);
  // One that knows its cost against one that doesn't.
  assert.match(
    told(comparisonOf([runOf(5000), more]))[0]!,
    /since B knows no cost; shown part by part: external to the heap by /,
  );
  const ledger = reportTables(more.summary).find(({ caption }) => /^The ledger/.test(plain(caption)))!;
  const cellOf = (head: string): string => plain(ledger.rows.find((one) => plain(one.head) === head)!.cells[0]!);
  assert.deepEqual([cellOf('external to the heap'), cellOf('all of it')], ['15.7 KiB', 'inconclusive']);
});

test('a summary knows how far each part scatters', () => {
  const { components, componentEstimates } = runOf(5000).summary.legs[0]!.perConnection!;
  const names = Object.keys(componentEstimates) as Array<keyof typeof componentEstimates>;
  assert.ok(names.includes('userOther') && names.includes('tcpSock'));
  for (const name of names) {
    const estimate = componentEstimates[name];
    assert.equal(estimate?.bytes ?? null, components[name] ?? null, name);
    if (estimate) assert.ok(estimate.low <= estimate.bytes && estimate.bytes <= estimate.high, name);
  }
  const pooled = runOf(5000, {}, 3).summary.legs[0]!.perConnection!;
  // Launches differ by a byte: 5000, 5001 and 5002.
  assert.ok(Math.abs(pooled.componentEstimates.userOther!.bytes - pooled.components.userOther!) < 1e-6);
  assert.ok(pooled.componentEstimates.userOther!.high > pooled.componentEstimates.userOther!.bytes + 1);
});

test('with launches on both sides the scatter is theirs', () => {
  const comparison = comparisonOf([runOf(5000, {}, 3), runOf(5030, {}, 3)]);
  const user = comparison.legs[0]!.parts.find(({ part }) => part === 'user')!;
  // They scatter by 1 B; a single launch would have been taken to be off by 50.
  assert.equal(user.values[1]!.difference!.word, 'dearer');
  assert.ok(!comparison.warnings.some((text) => text.includes('several launches')));
});

test('what runs differ in is said, but for what is compared', () => {
  const { environment, target } = runFile();
  const other = runOf(5000, {
    environment: { ...environment, kernel: 'Linux 7.0' },
    target: { ...target, name: 'another server' },
    status: 'interrupted',
  });
  const { warnings } = comparisonOf([runOf(5000), other]);
  assert.equal(
    warnings.filter((text) => text.startsWith('Kernel: A has Linux 6.18 x64; B has Linux 7.0 x64')).length,
    1,
  );
  assert.ok(!warnings.some((text) => text.includes('another server')));
  assert.ok(warnings.includes('B was interrupted'), warnings.join('\n'));
  assert.ok(warnings.some((text) => text.includes('--launches 3 tells more')));
});

test('a run whose messages are compressed differs from one whose are not', () => {
  const runs = ['off', 'on'].map((perMessageDeflate) => runOf(5000, { config: { perMessageDeflate } }));
  assert.ok(comparisonOf(runs).warnings.includes('Per-message deflate: A has off; B has on'));
  const tcp = runFile({
    plan: { legs: [leg({ protocol: 'tcp' })], launches: 1 },
    config: { perMessageDeflate: 'off' },
  });
  assert.ok(!measuredOn(tcp).some(({ key }) => key === 'deflate'), 'tcp has no such thing');
});

test('a leg that only one of them has is compared with nothing', () => {
  const tcp = runFile({ plan: { legs: [leg({ protocol: 'tcp' })], launches: 1 } });
  const samples = climb(4000, { protocol: 'tcp' });
  const other = { ...runOf(5000), run: tcp, summary: summarize({ run: tcp, samples, events: [], problems: [] }) };
  const comparison = comparisonOf([runOf(5000), other]);
  assert.deepEqual(
    comparison.legs.map(({ name, legs }) => [name, legs.map((one) => one !== null)]),
    [
      ['ws', [true, false]],
      ['tcp', [false, true]],
    ],
  );
  assert.deepEqual(told(comparison), [
    'B, ws: not compared with A, since B had no WebSockets.',
    'B, tcp: not compared with A, since A had no TCP connections.',
  ]);
  // What goes for several is told once.
  assert.deepEqual(told(comparisonOf([runOf(5000), other, other])), [
    'B and C, ws: not compared with A, since they had no WebSockets.',
    'B and C, tcp: not compared with A, since A had no TCP connections.',
  ]);
});

test('a leg that came to no level has no table of dashes', () => {
  const failed = { ...runOf(5000), summary: summarize({ run: runFile(), samples: [], events: [], problems: [] }) };
  const { legs } = failed.summary;
  const started = {
    ...failed,
    summary: {
      ...failed.summary,
      legs: runOf(5000).summary.legs.map((one) => ({ ...one, levels: [], perConnection: null })),
    },
  };
  assert.equal(legs.length, 0);
  const comparison = comparisonOf([runOf(5000), started, runOf(5010)]);
  assert.deepEqual(
    legTables(comparison.legs[0]!, comparison.runs).map(({ caption }) => plain(phraseOf(caption)).slice(0, 15)),
    ['ws, C against A'],
  );
  assert.equal(told(comparison)[0], 'B, ws: not compared with A, since B knows no cost.');
});

/** A run of wss alone, with what its ends agreed on. */
function securedRun(
  agreed: Parameters<typeof agreedEvent>[0],
  tls: Parameters<typeof stagedClimb>[2] = {},
  asked: Partial<typeof LEG_TLS> = {},
): ReadRun {
  const run = runFile({ plan: { legs: [securedLeg({ tls: { ...LEG_TLS, ...asked } })], launches: 1 } });
  const samples = stagedClimb(9000, { leg: 0 }, tls);
  const events = [agreedEvent(agreed, { leg: 0 })];
  return { folder: 'secured', run, summary: summarize({ run, samples, events, problems: [] }), problems: [] };
}

test('a leg over TLS is another one than a plain leg, and both runs are told what differs', () => {
  const comparison = comparisonOf([runOf(5000), securedRun({})]);
  assert.deepEqual(told(comparison), [
    'B, ws: not compared with A, since B had no WebSockets without TLS.',
    'B, wss: not compared with A, since A had no WebSockets over TLS.',
  ]);
  assert.ok(comparison.warnings.includes('TLS: not told of A; B has wss: TLS 1.2 or 1.3, each open a first visit'));
});

test('runs over TLS that agreed on something else, or resumed more, are doubted', () => {
  const about = (...runs: readonly ReadRun[]): string[] =>
    comparisonOf(runs).warnings.filter((text) => text.startsWith('TLS'));
  assert.deepEqual(about(securedRun({}), securedRun({}, { resumed: 200 })), []);
  const older = securedRun(
    { version: '1.2', suite: 'TLS_RSA_WITH_AES_128_CBC_SHA', group: 'none' },
    {},
    { versions: ['1.2'] },
  );
  assert.deepEqual(about(securedRun({}), older, securedRun({})), [
    'TLS: A and C have wss: TLS 1.2 or 1.3, each open a first visit; B has wss: TLS 1.2, each open a first visit',
    'TLS of wss: A and C agreed on TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, server key EC P-256; B agreed on TLS 1.2, TLS_RSA_WITH_AES_128_CBC_SHA, server key EC P-256',
  ]);
  assert.deepEqual(about(securedRun({}), securedRun({}, { resumed: 2400 })), [
    'TLS of wss: A resumed 0 % of handshakes; B resumed 80 % of handshakes',
  ]);
});
