import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { HISTOGRAM_BUCKETS, lowestOf } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS, OUTCOMES, STATUS_CLASSES } from '../../core/values/outcomes.ts';
import { HISTOGRAMS, TALLY_FIELDS, WIRE_VERSION } from '../wire.ts';
import { ShareReport } from './messages.ts';
import { packReport, unpackReport } from './report-texts.ts';

const count = fc.nat({ max: 2 ** 40 });
const each = (names: readonly string[]) => fc.record(Object.fromEntries(names.map((name) => [name, count])));
const pairs = fc
  .uniqueArray(fc.nat({ max: HISTOGRAM_BUCKETS - 1 }), { maxLength: 40 })
  .chain((buckets) =>
    fc.tuple(...buckets.sort((a, b) => a - b).map((bucket) => fc.tuple(fc.constant(lowestOf(bucket)), count))),
  );

/** Any, as far as its counters and distributions go. */
const reports = fc
  .record({
    counters: each(TALLY_FIELDS),
    outcomes: each(OUTCOMES),
    closeReasons: each(CLOSE_REASONS),
    statuses: each(STATUS_CLASSES),
    distributions: fc.dictionary(fc.constantFrom(...HISTOGRAMS), pairs),
  })
  .map(({ counters, outcomes, closeReasons, statuses, distributions }) =>
    ShareReport.parse({
      wire: WIRE_VERSION,
      share: 0,
      generation: 1,
      number: 7,
      seq: 3,
      host: 'one',
      worker: 'one',
      offsetMs: -12.5,
      tally: { version: WIRE_VERSION, ...counters, outcomes, closeReasons, statuses },
      distributions,
      cpuSeconds: 0,
      rssBytes: 1,
      clock: { offsetMs: 3, spreadMs: 0.2 },
    }),
  );

const VOICE = { token: 'of-the-fleet', run: 'run-1' };
const NO_TOKEN = { token: undefined, run: 'run-1' };

test('a report comes out as it went in, where the token and the run are the same', () => {
  const property = fc.property(reports, (report) => {
    assert.deepEqual(unpackReport(packReport(report, VOICE), VOICE), report);
    assert.deepEqual(unpackReport(packReport(report, NO_TOKEN), NO_TOKEN), report);
    for (const [one, other] of [
      [VOICE, { ...VOICE, run: 'run-2' }],
      [VOICE, { ...VOICE, token: 'another' }],
      [NO_TOKEN, VOICE],
      [VOICE, NO_TOKEN],
    ] as const)
      assert.equal(unpackReport(packReport(report, one), other), undefined);
  });
  fc.assert(property, { numRuns: 100 });
});

test('what nobody packed is no report, and no small text takes all memory', () => {
  const pack = (raw: unknown): string => deflateRawSync(JSON.stringify(raw)).toString('base64');
  const bomb = deflateRawSync(Buffer.alloc(2 ** 26, ' ')).toString('base64');
  for (const text of ['', 'no report', pack(null), pack({}), pack({ tally: 1, distributions: [1] }), bomb])
    assert.equal(unpackReport(text, NO_TOKEN), undefined);
});
