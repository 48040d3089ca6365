import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../core/schemas/record.ts';
import type { ShareState } from '../../core/schemas/share-state.ts';
import { climb, progressOf, runFile, shareState, tick } from '../../test/support/synthetic-run.ts';
import { reportTables } from '../words/report-tables.ts';
import { loadMachinesOf } from './load-machines.ts';
import { SampleKeeper } from './sample-keeper.ts';
import { summarize } from './summarize.ts';

const { counts } = progressOf(10);
const at = (elapsedMs: number, shares?: ShareState[], more: { launch?: number; leg?: number } = {}): Sample => ({
  ...tick(10, counts, { elapsedMs, ...more }),
  ...(shares && { shares }),
});
const summaryOf = (samples: Sample[]) => summarize({ run: runFile(), samples, events: [], problems: [] });

const MOVED: Sample[] = [
  at(0, [
    shareState({ share: 0, host: 'a', worker: 'a:1', open: 100, opened: 100, cpuSeconds: 1, rssBytes: 5e7 }),
    shareState({
      share: 1,
      host: 'b',
      worker: 'b:1',
      open: 80,
      opened: 80,
      cpuSeconds: 2,
      rssBytes: 6e7,
      latenessMs: 4,
    }),
  ]),
  at(200),
  at(1000, [
    shareState({ share: 0, host: 'a', worker: 'a:1', open: 100, opened: 120, cpuSeconds: 3, rssBytes: 7e7 }),
    shareState({
      share: 1,
      generation: 2,
      host: 'a',
      worker: 'a:2',
      open: 20,
      opened: 20,
      cpuSeconds: 0.5,
      rssBytes: 4e7,
    }),
  ]),
  at(2000, [shareState({ share: 0, host: 'a', worker: 'a:1', opened: 7, cpuSeconds: 0.25, rssBytes: 3e7 })], {
    launch: 1,
  }),
];
const A = { host: 'a', workers: 2, mostOpen: 120, opened: 147, cpuSeconds: 3.75, rssBytes: 11e7, latenessMs: null };
const B = { host: 'b', workers: 1, mostOpen: 80, opened: 80, cpuSeconds: 2, rssBytes: 6e7, latenessMs: 4 };

test('hosts that held shares are told with what they used, over generations and launches', () => {
  assert.deepEqual(loadMachinesOf(MOVED), [A, B]);
});

test('a run whose client held all tells of no hosts', () => {
  const { generator } = summaryOf(climb(5000));
  assert.ok(!('hosts' in generator));
});

test('a long run is thinned, and tells all that hosts used all the same', () => {
  const keeper = new SampleKeeper();
  for (const sample of MOVED) {
    keeper.add(sample, 100);
    for (let i = 0; i < 30_000; i++) keeper.add(at(sample.elapsedMs + 1), 100);
  }
  assert.deepEqual(loadMachinesOf(keeper.samples()), [A, B]);
});

test('the summary and its table have hosts, and at levels the memory of their workers', () => {
  const levels = climb(5000).map((sample) =>
    sample.type === 'memory'
      ? {
          ...sample,
          shares: [0, 1].map((share) =>
            shareState({ share, host: 'a', worker: 'a:1', rssBytes: 1e7 + 100 * sample.level }),
          ),
        }
      : sample,
  );
  const summary = summaryOf([...MOVED, ...levels]);
  assert.equal(summary.generator.bytesPerConnection, 200);
  assert.equal(summary.legs[0]!.levels[0]!.generatorBytes, 2e7 + 200 * 500);
  const table = reportTables(summary).find(({ caption }) => /load machines/.test(String(caption)));
  assert.deepEqual(
    table!.rows.map(({ head }) => head),
    ['a', 'b', 'the conductor'],
  );
});

test("the conductor's own ports are no limit where others hold the connections", () => {
  const portsOf = (run: ReturnType<typeof runFile>): boolean =>
    summarize({ run, samples: climb(5000), events: [], problems: [] }).limiters.some(({ what }) => what === 'ports');
  const run = runFile();
  assert.equal(portsOf(run), true);
  const legs = run.generator.legs.map((leg) => ({ ...leg, shares: [{ host: 'a', capacity: 3000 }] }));
  assert.equal(portsOf({ ...run, generator: { ...run.generator, legs } }), false);
});
