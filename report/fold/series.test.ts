import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, Sample } from '../../core/schemas/record.ts';
import { readingsAt } from '../../test/support/readings.ts';
import { climb, leg, memoryPoint, progressOf, runFile, tick } from '../../test/support/synthetic-run.ts';
import { MOST_TIME_POINTS, seriesOf } from './series.ts';

const of = (samples: readonly Sample[], events: readonly RunEvent[] = []) =>
  seriesOf({
    run: runFile({ plan: { legs: [leg(), leg({ protocol: 'tcp' })], launches: 1 } }),
    samples,
    events,
    problems: [],
  });

test('ticks become points, thinned when there are too many', () => {
  const some = of([tick(500, progressOf(120, 200, { refused: 3 }).counts, { elapsedMs: 400.4 })]);
  assert.deepEqual(some.time, [
    {
      elapsedMs: 400,
      launch: 0,
      leg: 0,
      open: 120,
      opening: 0,
      opened: 200,
      failed: 3,
      closed: 80,
      targetBytes: 40_000_000,
    },
  ]);
  const many = of(Array.from({ length: 5000 }, (_, i) => tick(500, progressOf(i).counts, { elapsedMs: i })));
  assert.ok(many.time.length <= MOST_TIME_POINTS && many.time.length >= MOST_TIME_POINTS / 2);
});

test('a phase lasts until the next one; the last until the end of what was recorded', () => {
  const phase = (name: 'ramp' | 'hold', elapsedMs: number): RunEvent => ({
    type: 'phase',
    elapsedMs,
    launch: 0,
    leg: 0,
    protocol: 'ws',
    phase: name,
    level: 500,
  });
  const { phases } = of(
    [tick(500, progressOf(1).counts, { elapsedMs: 900 })],
    [phase('ramp', 100), phase('hold', 700)],
  );
  assert.deepEqual(
    phases.map(({ phase: name, fromMs, toMs }) => [name, fromMs, toMs]),
    [
      ['ramp', 100, 700],
      ['hold', 700, 900],
    ],
  );
});

test('opening at a level is that of the connections since the level below', () => {
  const at = (level: number, openPlanned: Array<[number, number]>) =>
    memoryPoint(level === 0 ? 'baseline' : 'hold', level, readingsAt(level, 4e7), {
      progress: { ...progressOf(level), openPlanned },
    });
  const { legs } = of([
    at(0, [[64, 9]]),
    at(500, [
      [64, 9],
      [96, 500],
    ]),
    at(1000, [
      [64, 9],
      [96, 510],
      [127, 490],
    ]),
  ]);
  assert.deepEqual(legs[0]!.opening, [
    { level: 500, opened: 500, p50Ms: 0.096, p99Ms: 0.096, maxMs: 0.096 },
    { level: 1000, opened: 500, p50Ms: 0.127, p99Ms: 0.127, maxMs: 0.127 },
  ]);
});

test('drains begin with the baseline; a leg that never began has no series', () => {
  const { legs } = of(climb(5000, { retainedBytes: 1_000_000 }));
  assert.equal(legs.length, 1);
  assert.deepEqual(legs[0]!.drains, [
    { cycle: 0, closedConnections: 0, bytes: 40_000_000 },
    { cycle: 1, closedConnections: 3000, bytes: 41_000_000 },
  ]);
});
