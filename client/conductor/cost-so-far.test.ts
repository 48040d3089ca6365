import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryPoint, RunFile, Sample } from '../../core/schemas/record.ts';
import { costSoFar } from '../../report/fold/evidence.ts';
import { climb, runFile } from '../../test/support/synthetic-run.ts';
import { followCost, isPreciseBy } from './cost-so-far.ts';

const run: RunFile = runFile({ status: 'running', exitCode: null });
const pointsIn = (samples: readonly Sample[]): MemoryPoint[] =>
  samples.flatMap((sample) => (sample.type === 'memory' ? [sample] : []));
const isPrecise = (points: readonly MemoryPoint[], percent: number): boolean =>
  isPreciseBy(points, costSoFar(run, points, 0), percent);

/** Levels that alternate about their line by so many bytes. */
const scattered = (bytes: number): Sample[] =>
  climb(5000).map((sample) => {
    if (sample.type !== 'memory') return sample;
    const target = { ...sample.readings.target! };
    target.anonBytes = target.anonBytes! + ((sample.level / 500) % 2 === 0 ? bytes : -bytes);
    return { ...sample, readings: { ...sample.readings, target } };
  });

test('five levels on a line are precise, four never are, and levels that scatter are as precise as they are', () => {
  const exact = pointsIn(climb(5000, { levels: [500, 1000, 1500, 2000, 2500] }));
  assert.equal(isPrecise(exact, 1), true);
  const four = exact.filter(({ level }) => level < 2500);
  assert.equal(isPrecise(four, 1), false);
  const rough = pointsIn(scattered(100_000));
  assert.deepEqual([isPrecise(rough, 1), isPrecise(rough, 40)], [false, true]);
});

test('a cost is worked out once for each level, from three on', () => {
  const points: MemoryPoint[] = [];
  let times = 0;
  const cost = { bytes: 5, low: 4, high: 6 };
  const follow = followCost(
    () => points,
    () => {
      times++;
      return cost;
    },
  );
  const seen: unknown[] = [];
  for (const point of pointsIn(climb(5000, { levels: [500, 1000, 1500, 2000] })).slice(0, 5)) {
    points.push(point);
    seen.push(follow(), follow());
  }
  assert.deepEqual(seen, [null, null, null, null, null, null, cost, cost, cost, cost]);
  assert.equal(times, 2);
});
