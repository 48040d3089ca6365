import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf, lowestOf } from '../core/histogram.ts';
import type { RunEvent, RunFile, Sample } from '../core/record.ts';
import type { Summary } from '../core/summary.ts';
import { readingsAt } from '../test/support/readings.ts';
import { climb, leg, memoryPoint, progressOf, runFile, tick } from '../test/support/synthetic-run.ts';
import { summarize } from './summarize.ts';

const killed: Partial<RunFile> = { status: 'running', exitCode: null, finishedAt: null };
const error = (code: string): RunEvent => ({ type: 'error', elapsedMs: 5, code, message: `${code} came`, hint: 'do' });

/** How run.json ends, the errors in events.jsonl; what the summary says. */
const ENDS: ReadonlyArray<[string, Partial<RunFile>, RunEvent[], Summary['status'], number, string | null]> = [
  ['a run that passed', {}, [], 'passed', 0, null],
  ['a killed run', killed, [], 'interrupted', 130, 'EINTERRUPTED'],
  ['a run killed after an error', killed, [error('EREFUSED')], 'interrupted', 130, 'EREFUSED'],
  [
    'an interrupted run',
    { status: 'interrupted', exitCode: 130 },
    [error('EINTERRUPTED')],
    'interrupted',
    130,
    'EINTERRUPTED',
  ],
  [
    'a failed run',
    { status: 'failed', exitCode: 4 },
    [error('EDROPPED'), error('ETARGETDIED')],
    'failed',
    4,
    'EDROPPED',
  ],
];
for (const [name, run, events, status, exitCode, code] of ENDS) {
  test(`${name} is ${status}, with the first cause`, () => {
    const summary = summarize({ run: runFile(run), samples: climb(5000), events, problems: [] });
    assert.deepEqual([summary.status, summary.exitCode, summary.error?.code ?? null], [status, exitCode, code]);
  });
}

test('a leg that failed half way shows what it had; a leg that never began is not there', () => {
  const plan = { legs: [leg(), leg({ protocol: 'tcp' })], launches: 1 };
  const samples: Sample[] = [
    memoryPoint('baseline', 0, readingsAt(0, 4e7)),
    memoryPoint('hold', 500, readingsAt(500, 4.25e7)),
    tick(1000, progressOf(777, 777, { refused: 60 }).counts),
  ];
  const { legs } = summarize({ run: runFile({ ...killed, plan }), samples, events: [], problems: [] });
  assert.equal(legs.length, 1);
  assert.deepEqual([legs[0]?.peakOpen, legs[0]?.attempts, legs[0]?.levels.length], [777, 837, 1]);
});

const disturbed = climb(5000).map((sample): Sample => {
  if (sample.type !== 'memory' || sample.level !== 1000) return sample;
  const established = { ...sample.readings.established!, targetEnds: 990 };
  return { ...sample, settled: false, readings: { ...sample.readings, established } };
});
const late = climb(5000).map((sample): Sample => {
  if (sample.type !== 'leg-end') return sample;
  return {
    ...sample,
    progress: {
      ...sample.progress,
      lag: [[lowestOf(bucketOf(1_400_000)), 3000]],
      ownLag: [[lowestOf(bucketOf(1_400_000)), 3000]],
    },
  };
});
/** What a server holds until it tidies up, as its memory at the lowest level shows. */
const untidy = climb(5000).map((sample): Sample => {
  if (sample.type !== 'memory' || sample.level !== 500) return sample;
  const { target } = sample.readings;
  return { ...sample, readings: { ...sample.readings, target: { ...target!, anonBytes: target!.anonBytes! + 2e7 } } };
});
/** The process could be told to collect until 2,000 were open. */
const lost = climb(5000).map((sample): Sample => {
  if (sample.type !== 'memory' || sample.level < 2000) return sample;
  return { ...sample, readings: { ...sample.readings, runtime: null } };
});
/** The host grew by so much more at each connection than the parts come to; with all closed so much is left of it. */
const unexplained = (bytesEach: number, leftBytes = 0): Sample[] =>
  climb(5000).map((sample): Sample => {
    if (sample.type !== 'memory') return sample;
    const { host } = sample.readings;
    const usedBytes = host!.usedBytes + (sample.phase === 'retained' ? leftBytes : bytesEach * sample.level);
    return { ...sample, readings: { ...sample.readings, host: { ...host!, usedBytes } } };
  });
const ofPid = runFile({ target: { ...runFile().target, kind: 'pid' } });
const WARNINGS: ReadonlyArray<[string, Parameters<typeof summarize>[0], RegExp]> = [
  [
    'memory that did not rest',
    { run: runFile(), samples: disturbed, events: [], problems: [] },
    /^ws: memory did not come to rest in time at 1000 open/m,
  ],
  [
    'memory that goes its own way',
    { run: ofPid, samples: untidy, events: [], problems: [] },
    /^ws: memory doesn't follow the number of connections \(R² -?\d\.\d{4}\): .*--rest 15s/m,
  ],
  [
    'levels without a collection among those with one',
    { run: ofPid, samples: lost, events: [], problems: [] },
    /^ws: no collection could be forced at 2000, 2500, 3000 open connections: garbage counts there as their cost$/m,
  ],
  [
    'a wrong count from outside',
    { run: runFile(), samples: disturbed, events: [], problems: [] },
    /^ws: the kernel counts 990 established connections at the level of 1000$/m,
  ],
  [
    'a pace that was not kept',
    { run: runFile(), samples: late, events: [], problems: [] },
    /^ws: the pace of 2000\/s was not kept: 1 in 100/m,
  ],
  [
    'parts that come to more than the host lost',
    { run: runFile(), samples: unexplained(-3191), events: [], problems: [] },
    /^ws: the host's memory grew by 3\.1 KiB \(3\.1 KiB to 3\.1 KiB\) a connection less than the parts say: one of them is too large, /m,
  ],
  [
    'parts that come to less than the host lost',
    { run: runFile(), samples: unexplained(2048), events: [], problems: [] },
    /^ws: the host's memory grew by 2\.0 KiB \(2\.0 KiB to 2\.0 KiB\) a connection more than all parts say: /m,
  ],
  [
    'what the reader had to leave out',
    { run: runFile(), samples: climb(1), events: [], problems: ['cut off'] },
    /^cut off$/m,
  ],
  [
    'what the run noted',
    { run: runFile(), samples: climb(1), events: [{ type: 'warning', elapsedMs: 0, text: 'tight' }], problems: [] },
    /^tight$/m,
  ],
];
for (const [name, record, wanted] of WARNINGS) {
  test(`the summary warns of ${name}`, () => assert.match(summarize(record).warnings.join('\n'), wanted));
}
test('a late generator is saturated, a punctual one is not', () => {
  const of = (samples: Sample[]) =>
    summarize({ run: runFile(), samples, events: [], problems: [] }).generator.saturated;
  assert.deepEqual([of(late), of(climb(5000))], [true, false]);
});
test('a remainder within its own noise is no contradiction, and neither is one that stays when all have closed', () => {
  const warned = (samples: Sample[]): string[] =>
    summarize({ run: runFile(), samples, events: [], problems: [] }).warnings.filter((text) =>
      text.includes('the host'),
    );
  assert.deepEqual(warned(unexplained(-100)), []);
  assert.deepEqual(warned(unexplained(200)), []);
  assert.deepEqual(warned(unexplained(-1000, -3_000_000)), []);
  const restless = unexplained(-3191).map((sample, i): Sample => {
    if (sample.type !== 'memory') return sample;
    const host = { ...sample.readings.host!, usedBytes: sample.readings.host!.usedBytes + (i % 2) * 40_000_000 };
    return { ...sample, readings: { ...sample.readings, host } };
  });
  assert.deepEqual(warned(restless), []);
});
