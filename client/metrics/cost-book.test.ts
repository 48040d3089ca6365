import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryPoint, RunFile, Sample } from '../../core/schemas/record.ts';
import { summarizeLeg } from '../../report/fold/summarize-leg.ts';
import { readingsAt } from '../../test/support/readings.ts';
import { stagedClimb } from '../../test/support/secured-run.ts';
import { climb, leg, memoryPoint, runFile } from '../../test/support/synthetic-run.ts';
import { CostBook, type CostEstimator } from './cost-book.ts';

const byReport: CostEstimator = (run, points, index) =>
  summarizeLeg({ run, samples: points, events: [], problems: [] }, run.plan.legs[index]!, index).perConnection;

const pointsOf = (samples: readonly Sample[]): MemoryPoint[] => samples.filter((sample) => sample.type === 'memory');
const levels = (count: number): number[] => Array.from({ length: count }, (_, i) => 100 * (i + 1));
const planOf = (count: number, launches = 1): RunFile =>
  runFile({ plan: { legs: [leg({ levels: levels(count) })], launches } });

/** An estimator that tells what it was given. */
function listening(): { estimate: CostEstimator; asked: MemoryPoint[][] } {
  const asked: MemoryPoint[][] = [];
  return {
    asked,
    estimate: (run, points, index) => {
      asked.push([...points]);
      return byReport(run, points, index);
    },
  };
}

test('the estimate is that of the report on as many levels', () => {
  const run = planOf(6);
  const samples = pointsOf(climb(5000, { levels: levels(6) }));
  const book = new CostBook(byReport);
  const seen: MemoryPoint[] = [];
  for (const point of samples) {
    const isLevel = book.add(run, point);
    assert.equal(isLevel, point.phase === 'hold');
    book.update(run);
    seen.push(point);
    if (isLevel) assert.deepEqual(book.of(0)?.cost, byReport(run, seen, 0), `${point.level}`);
  }
  const { cost, level, levels: count } = book.of(0)!;
  assert.equal(cost?.user?.bytes, 5000);
  assert.equal(count, 6);
  assert.equal(level?.connections, 600);
  assert.equal(level?.ledger.user, 40_000_000 + 5000 * 600);
  assert.equal(book.of(1), undefined);
});

test('later cycles, drains and bursts are no levels', () => {
  const book = new CostBook(byReport);
  const run = planOf(6);
  const at = (phase: MemoryPoint['phase'], cycle: number) => memoryPoint(phase, 100, readingsAt(100, 1e6), { cycle });
  for (const point of [at('retained', 0), at('burst', 0), at('hold', 1)]) assert.equal(book.add(run, point), false);
  assert.equal(book.of(0), undefined);
});

test('very many levels are estimated from some of them, and not each time', () => {
  const { estimate, asked } = listening();
  const book = new CostBook(estimate);
  const run = planOf(200);
  for (const point of pointsOf(climb(5000, { levels: levels(200) }))) {
    book.add(run, point);
    book.update(run);
  }
  assert.ok(asked.length < 50, `${asked.length} estimates`);
  book.update(run, true);
  const last = asked.at(-1)!;
  assert.ok(last.length <= 51);
  assert.equal(last[0]?.phase, 'baseline');
  assert.equal(last[1]?.level, 100);
  assert.equal(last.at(-1)?.level, 20_000);
  assert.equal(book.of(0)?.cost?.user?.bytes, 5000);
  assert.equal(book.of(0)?.levels, 200);
});

test('of many launches the latest count, whole', () => {
  const { estimate, asked } = listening();
  const book = new CostBook(estimate);
  const run = planOf(20, 10);
  for (let launch = 0; launch < 10; launch++) {
    for (const point of pointsOf(stagedClimb(5000, { levels: levels(20), launch }))) {
      book.add(run, point);
      book.update(run);
    }
  }
  book.update(run, true);
  const last = asked.at(-1)!;
  assert.deepEqual([...new Set(last.map(({ launch }) => launch))], [8, 9]);
  const isSlim = ({ unforced, progress: { openPlanned, stages } }: MemoryPoint): boolean =>
    unforced === null && openPlanned.length === 0 && stages.connecting.length + stages.securing.length === 0;
  assert.ok(last.every(isSlim));
  assert.equal(book.of(0)?.cost?.user?.bytes, 5000);
});
