import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunFile, Sample } from '../../core/schemas/record.ts';
import type { Sizing, SizingRow } from '../../core/schemas/sizing-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { readSizingPlan } from '../../core/values/sizing-plan.ts';
import { KERNEL_BYTES_EACH } from '../../test/support/readings.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { pastes } from '../words/paste-settings.ts';
import { plain } from '../words/phrase.ts';
import { reportTables } from '../words/report-tables.ts';
import { chosenRow } from './sizing.ts';
import { summarize } from './summarize.ts';

const EACH = 5000 + KERNEL_BYTES_EACH;
const BASE = 40_000_000;

function summaryOf(plan: unknown, more: Partial<RunFile> = {}, samples: readonly Sample[] = climb(5000)): Summary {
  const sizing = plan === undefined ? undefined : readSizingPlan(plan);
  const run = runFile({ config: { headroomPercent: 20, sizing }, ...more });
  return summarize({ run, samples, events: [], problems: [] });
}
const sizingOf = (...args: Parameters<typeof summaryOf>): Sizing => summaryOf(...args).sizing!;
const fits = (memoryBytes: number, headroom = 0.2): number => Math.floor((memoryBytes * (1 - headroom) - BASE) / EACH);

test('without a plan: what limits of 512 MiB to 64 GiB hold, by the upper bound of prediction less the headroom', () => {
  const { rows, connections, headroomPercent } = sizingOf(undefined);
  assert.deepEqual([connections, headroomPercent, rows.length], [100_000, 20, 8]);
  for (const row of rows) {
    // Levels on an exact line: the upper bound is the line.
    assert.equal(row.connections, fits(row.memoryBytes));
    assert.equal(row.beyond, true);
    assert.equal(row.instances, Math.ceil(100_000 / row.connections));
    assert.deepEqual([row.name, row.pricePerHour, row.pricePerMonth], [null, null, null]);
  }
});

const PLAN = {
  connections: 500_000,
  spare: 1,
  headroom: '50%',
  currency: 'EUR',
  instances: [
    { name: 'small', memory: '2GiB', reserved: '512MiB', 'price-per-hour': 0.1 },
    { name: 'big', memory: '16GiB', 'price-per-hour': 0.5, replicas: 3 },
    { name: 'tiny', memory: '64MiB', 'price-per-hour': 0.01 },
  ],
};

test('by a plan: instances for what is wanted when one is lost, what they hold then, and what they cost', () => {
  const { rows } = sizingOf(PLAN);
  const [small, big, tiny] = rows as [SizingRow, SizingRow, SizingRow];
  assert.equal(small.memoryBytes, 1.5 * 2 ** 30);
  assert.equal(small.connections, fits(1.5 * 2 ** 30, 0.5));
  assert.equal(small.instances, Math.ceil(500_000 / small.connections) + 1);
  assert.equal(small.holds, small.connections * (small.instances! - 1));
  assert.ok(small.holds! >= 500_000 && small.connections * (small.instances! - 2) < 500_000);
  assert.ok(Math.abs(small.pricePerHour! - small.instances! * 0.1) < 1e-9);
  assert.ok(Math.abs(small.pricePerMonth! - small.pricePerHour! * 730) < 1e-9);
  // One would do, and another for it; three there are anyway.
  assert.equal(big.instances, 3);
  // Half of it is less than the empty process takes.
  assert.deepEqual([tiny.connections, tiny.instances, tiny.holds, tiny.pricePerMonth], [0, null, null, null]);
});

test('the cheapest is the one whose settings are shown; without prices the largest that is no guess', () => {
  const sizing = sizingOf(PLAN);
  const prices = sizing.rows.flatMap(({ pricePerHour }) => pricePerHour ?? []);
  assert.equal(chosenRow(sizing, 'ws')!.pricePerHour, Math.min(...prices));
  const near = sizingOf({
    instances: [
      { name: 'a', memory: '80MiB' },
      { name: 'b', memory: '90MiB' },
      { name: 'c', memory: '4GiB' },
    ],
  });
  assert.equal(chosenRow(near, 'ws')!.name, 'b');
  assert.equal(chosenRow(sizing, 'tcp'), undefined);
});

test('the heap of a Node.js target gets what everything else leaves, and half of the headroom', () => {
  const [row] = sizingOf({ instances: [{ name: 'a', memory: '1GiB' }] }).rows;
  const heap = summaryOf(undefined).legs[0]!;
  const others = BASE + EACH * row!.connections - heap.baselineHeapBytes! - 1000 * row!.connections;
  assert.equal(row!.settings.maxOldSpaceMib, Math.floor((0.9 * 2 ** 30 - others) / 2 ** 20));
  const unknown = climb(5000).map((sample) =>
    sample.type === 'memory' ? { ...sample, readings: { ...sample.readings, runtime: null } } : sample,
  );
  assert.equal(sizingOf({}, {}, unknown).rows[0]!.settings.maxOldSpaceMib, null);
});

test('limits follow from what one instance holds: for each process, a tenth more, rounded up', () => {
  const target = { ...runFile().target, processes: 4 };
  const [row] = sizingOf({ instances: [{ name: 'a', memory: '64GiB' }] }, { target }).rows;
  const { openFiles, processes, nrOpen, somaxconn } = row!.settings;
  assert.equal(processes, 4);
  assert.equal(openFiles, Math.ceil(((row!.connections / 4 + 64) * 1.1) / 1000) * 1000);
  assert.deepEqual([nrOpen, somaxconn], [openFiles > 1_048_576 ? openFiles : null, 4096]);
  const [one] = sizingOf({ instances: [{ name: 'a', memory: '64GiB' }] }).rows;
  assert.equal(one!.settings.nrOpen, one!.settings.openFiles);
});

test('a firewall is told of where its table is in use and too small', () => {
  const environment = { ...runFile().environment, conntrackMax: 65_536, conntrackCount: 10 };
  const rows = sizingOf(
    {
      instances: [
        { name: 'a', memory: '512MiB' },
        { name: 'b', memory: '8GiB' },
      ],
    },
    { environment },
  ).rows;
  assert.equal(rows[0]!.settings.conntrackMax, null);
  assert.equal(rows[1]!.settings.conntrackMax, Math.ceil((rows[1]!.connections * 1.1) / 1000) * 1000);
});

test('what is to be pasted names what it was made for', () => {
  const [made] = pastes(summaryOf({ instances: [{ name: 'a', memory: '2GiB' }] }));
  assert.match(plain(made!.title), /^Settings for [\d,]+ WebSockets on a, 2\.0 GiB$/);
  const text = made!.parts.map((part) => part.text).join('\n');
  assert.match(text, /^ulimit -n \d+000$/m);
  assert.match(text, /^NODE_OPTIONS=--max-old-space-size=\d+$/m);
  assert.match(text, /^resources:\n {2}requests:\n {4}memory: 2048Mi\n {2}limits:\n {4}memory: 2048Mi /m);
});

test('the table has prices where the plan has, in its currency', () => {
  const caption =
    'ws: what one instance holds with 50 % headroom, and how many hold 500,000 connections, so that 1 of them may be lost';
  const found = reportTables(summaryOf(PLAN)).find((one) => plain(one.caption) === caption)!;
  const month = found.columns.findIndex(({ title }) => title === 'a month') - 1;
  assert.match(plain(found.rows[0]!.head), /^small, 2\.0 GiB, 1\.5 GiB of it for the target$/);
  assert.match(plain(found.rows[0]!.cells[month]!), /^[\d.]+ EUR$/);
  assert.equal(plain(found.rows[2]!.cells[month]!), '–');
  assert.ok(
    !reportTables(summaryOf(undefined)).some(({ columns }) => columns.some(({ title }) => title === 'a month')),
  );
});

test('where no cost is known there is nothing to be sized', () => {
  const plan = { legs: [leg({ levels: [500] })], launches: 1 };
  assert.equal(summaryOf(PLAN, { plan }, climb(5000, { levels: [500] })).sizing, null);
});
