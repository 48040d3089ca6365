import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { plainRows } from './verdict-rows.ts';

const run = runFile({
  config: { memoryLimitBytes: 2 ** 31, headroomPercent: 20 },
  plan: { legs: [leg({ protocol: 'tcp' }), leg()], launches: 1 },
});
const samples = [...climb(3000, { leg: 0, protocol: 'tcp' }), ...climb(7000, { leg: 1 })];
const summary = summarize({ run, samples, events: [], problems: [] });
const cellsOf = (of: Summary, label: string): readonly string[] | undefined =>
  plainRows(of).find((row) => row.label.trim() === label)?.cells;
/** The summary with something else in its first leg. */
const withFirst = (more: Partial<LegSummary>): Summary => ({
  ...summary,
  legs: [{ ...summary.legs[0]!, ...more }, summary.legs[1]!],
});

const NO_LEVEL: Partial<LegSummary> = {
  levels: [],
  perConnection: null,
  fit: null,
  retained: null,
  baselineBytes: null,
  open: { p50Ms: null, p99Ms: null, maxMs: null, targetCpuMs: null, ratePerSecond: null },
};

test('the capacity names the limit and the headroom, and says where it is a guess', () => {
  // (0.8 × 2 GiB − 40 MB) ÷ (3000 + 3958), ÷ (7000 + 3958)
  assert.deepEqual(cellsOf(summary, '2.0 GiB hold, with 20 % headroom'), [
    'about 240,000 (extrapolated)',
    'about 150,000 (extrapolated)',
  ]);
});

test('a capacity for the limit of a cgroup says so', () => {
  const memoryLimit = { bytes: 2 ** 31, basis: 'cgroup', machineBytes: 2 ** 33 } as const;
  const limited = { ...summary, target: { ...summary.target, memoryLimit } };
  assert.ok(cellsOf(limited, '2.0 GiB, the limit of its cgroup, hold, with 20 % headroom'));
});

test('the first limit is named, the others follow in order', () => {
  assert.deepEqual(cellsOf(summary, 'first limit'), [
    "the target's open files at 19,936",
    "the target's open files at 19,936",
  ]);
  assert.deepEqual(cellsOf(summary, 'further limits'), [
    "the client's local ports at 28,232, the target's memory at about 240,000",
    "the client's local ports at 28,232, the target's memory at about 150,000",
  ]);
  const limiters: Summary['limiters'] = [
    { leg: 'tcp', protocol: 'tcp', what: 'cpu', at: 2345, unit: 'opens per second' },
  ];
  assert.deepEqual(cellsOf({ ...summary, limiters }, 'first limit'), [
    "the target's processors at 2,345 opens per second",
    '–',
  ]);
});

test('what is unexplained has its interval, unless it may be anything', () => {
  const cellFor = (unexplained: { bytes: number; low: number; high: number } | null): string | undefined => {
    const { perConnection } = summary.legs[0]!;
    return cellsOf(
      withFirst({ perConnection: { ...perConnection!, unexplained } }),
      'growth of the host, unexplained',
    )![0];
  };
  assert.equal(cellFor({ bytes: 512, low: 100, high: 1024 }), '512 B [100, 1024]');
  // A connection costs 7 KB.
  const busy = 'not known: other programs were busy';
  assert.equal(cellFor({ bytes: 1.6 * 2 ** 20, low: -(2 ** 20), high: 3 * 2 ** 20 }), busy);
  assert.equal(cellFor({ bytes: 0, low: -8000, high: 100 }), busy);
  assert.equal(cellFor({ bytes: -600, low: -700, high: -500 }), 'none');
});

test('a knee and a step have a row where there is one', () => {
  const fit = summary.legs[0]!.fit!;
  const exactly = (bytes: number) => ({ bytes, low: bytes, high: bytes });
  assert.equal(cellsOf(summary, 'knee: one more costs'), undefined);
  assert.equal(cellsOf(summary, 'step, not in the cost'), undefined);
  const knee = { at: 4000, low: 3500, high: 4500, below: exactly(5120), above: exactly(10_240) };
  assert.deepEqual(cellsOf(withFirst({ fit: { ...fit, knee } }), 'knee: one more costs'), [
    '5.0 KiB up to 4,000 (between 3,500 and 4,500), 10.0 KiB above',
    'none in range',
  ]);
  const step = { at: 3250, low: 3000, high: 3500, bytes: 64 * 2 ** 20 };
  assert.deepEqual(cellsOf(withFirst({ fit: { ...fit, step, steps: [step] } }), 'step, not in the cost'), [
    '64.0 MiB between 3,000 and 3,500',
    'none in range',
  ]);
});

test('what is retained is called a leak only when its interval excludes 0', () => {
  const cell = (bytesPerClosedConnection: number, low: number | null, high: number | null) =>
    cellsOf(
      withFirst({
        retained: { bytesPerClosedConnection, low, high, kernel: null, files: null, firstCycleBytes: 0 },
      }),
      'retained per closed connection',
    )?.[0];
  assert.equal(cell(1024, null, null), '1.0 KiB');
  assert.equal(cell(1024, -100, 2148), '1.0 KiB [0, 2.1]');
  assert.equal(cell(1024, 1000, 1048), '1.0 KiB [1.0, 1.0]: a leak');
});

test('what is retained of descriptors and in the kernel has rows of its own where there is any', () => {
  const of = { bytesPerClosedConnection: 4037, low: 4000, high: 4074 };
  const user = { bytesPerClosedConnection: 20, low: -10, high: 50, firstCycleBytes: 16_000 };
  const files = { perClosedConnection: 1, low: 0.98, high: 1.02 };
  const leaking = withFirst({ retained: { ...user, kernel: of, files } });
  assert.deepEqual(
    ['retained per closed connection', 'and in the kernel', 'and open files'].map(
      (label) => cellsOf(leaking, label)?.[0],
    ),
    ['20 B [0, 50]', '3.9 KiB [3.9, 4.0]: a leak', '1.00 [0.98, 1.02]: a leak'],
  );
  const none = { ...of, bytesPerClosedConnection: 0, low: -1, high: 1 };
  const tight = withFirst({
    retained: { ...user, kernel: none, files: { ...files, perClosedConnection: 0, low: -0.02 } },
  });
  assert.equal(cellsOf(tight, 'and open files'), undefined);
  assert.equal(cellsOf(tight, 'retained per closed connection')?.[0], '20 B [0, 50]: used again');
});

test('a forecast shows its interval, and what is beyond the measured range', () => {
  assert.equal(cellsOf(summary, '10,000 connections would take')?.[0], '105 MiB [105, 105] (extrapolated)');
  const near = { ...summary, forecast: summary.forecast.map((one) => ({ ...one, beyond: false })) };
  assert.equal(cellsOf(near, '10,000 connections would take')?.[0], '105 MiB [105, 105]');
});

test('where no leg came to a level, rows that tell nothing are left out; elsewhere they stay', () => {
  const legs = summary.legs.map((one) => ({ ...one, ...NO_LEVEL }));
  const labels = plainRows({ ...summary, legs, limiters: [], forecast: [], capacity: [] }).map(({ label }) => label);
  assert.deepEqual(labels, ['open at the top level', 'attempts that failed']);
  const first = withFirst(NO_LEVEL);
  assert.equal(cellsOf(first, 'one more connection costs')?.[0], '–');
});

test('a burst has a row where there was one', () => {
  assert.equal(cellsOf(summary, 'in user space after a burst'), undefined);
  const burst = {
    open: 5000,
    userBytesPerConnection: 4096,
    kernelBytesPerConnection: null,
    beyondRestBytes: null,
    chargedBeyondRestBytes: null,
  };
  assert.deepEqual(cellsOf(withFirst({ burst }), 'in user space after a burst'), ['4.0 KiB', '–']);
});
