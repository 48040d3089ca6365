import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryPoint, Sample } from '../../core/schemas/record.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { summarize } from '../../report/fold/summarize.ts';
import { readingsAt } from '../../test/support/readings.ts';
import { climb, memoryPoint, progressOf, runFile, tick } from '../../test/support/synthetic-run.ts';
import { SaturationWatch } from './saturation.ts';

const late = (ms: number): Array<[number, number]> => [[lowestOf(bucketOf(ms * 1000)), 1000]];
const talk = (sendLagMs: number): NonNullable<MemoryPoint['talk']> => ({
  durationMs: 1000,
  messages: 1000,
  replies: 1000,
  lateReplies: 0,
  lostReplies: 0,
  fromOthers: 0,
  received: null,
  statuses: null,
  sendLag: late(sendLagMs),
  rttPlanned: late(1),
  rttActual: late(1),
});
const ramp = (cpuSecondsPerSecond: number): Sample[] =>
  [0, 1, 2, 3].map((second) => ({
    ...tick(1000, progressOf(10).counts, { elapsedMs: second * 1000 }),
    generatorCpuSeconds: second * cpuSecondsPerSecond,
  }));
const end = (ownLagMs: number): Sample => ({
  type: 'leg-end',
  elapsedMs: 9000,
  launch: 0,
  leg: 0,
  protocol: 'ws',
  progress: { ...progressOf(10), ownLag: late(ownLagMs) },
});
const held = (sendLagMs: number): Sample => ({
  ...memoryPoint('hold', 500, readingsAt(500, 1e7)),
  talk: talk(sendLagMs),
});

const CASES: ReadonlyArray<readonly [what: string, samples: Sample[], saturated: boolean]> = [
  ['a punctual client', [...climb(5000), end(1)], false],
  ['attempts a bit late', [...climb(5000), end(900)], false],
  ['attempts very late', [...climb(5000), end(1500)], true],
  [
    'late at first, but not over all',
    [{ ...held(1), progress: { ...progressOf(10), ownLag: late(1500) } } as Sample, end(1)],
    false,
  ],
  ['messages in time', [held(50), end(1)], false],
  ['messages sent late at one level', [held(150), held(1), end(1)], true],
  ['a processor to spare while ramping', [...ramp(0.9), end(1)], false],
  ['no processor to spare while ramping', [...ramp(0.97), end(1)], true],
];

for (const [what, samples, saturated] of CASES) {
  test(`${what}: ${saturated ? '' : 'not '}saturated, as the report says`, () => {
    const run = runFile();
    const watch = new SaturationWatch();
    for (const sample of samples) watch.sample(sample);
    assert.equal(watch.isSaturated(run, undefined), saturated);
    assert.equal(summarize({ run, samples, events: [], problems: [] }).generator.saturated, saturated);
  });
}
