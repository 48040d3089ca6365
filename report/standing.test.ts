import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf, lowestOf } from '../core/histogram.ts';
import type { RunEvent, RunFile, Sample } from '../core/record.ts';
import type { Summary } from '../core/summary.ts';
import { readingsAt } from '../test/support/readings.ts';
import { climb, leg, memoryPoint, progressOf, runFile, tick } from '../test/support/synthetic-run.ts';
import { forecastOf, limitersOf } from './capacity.ts';
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
  const plan = { legs: [leg(), leg({ protocol: 'tcp' })] };
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
const WARNINGS: ReadonlyArray<[string, Parameters<typeof summarize>[0], RegExp]> = [
  [
    'memory that did not rest',
    { run: runFile(), samples: disturbed, events: [], problems: [] },
    /^ws: memory did not come to rest in time at 1000 open/m,
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

const [summarized] = summarize({ run: runFile(), samples: climb(4042), events: [], problems: [] }).legs;
const whole = {
  ...summarized!,
  baselineBytes: 1e8,
  perConnection: { ...summarized!.perConnection!, total: { bytes: 8000, low: 7000, high: 10_000 } },
};

test('a forecast follows the line and its interval, beyond what was measured only', () => {
  assert.deepEqual(
    forecastOf(whole).map(({ connections }) => connections),
    [10_000, 100_000, 1_000_000],
  );
  assert.deepEqual(forecastOf(whole)[1], {
    protocol: 'ws',
    connections: 100_000,
    bytes: 9e8,
    low: 8e8,
    high: 1.1e9,
    extrapolation: 100_000 / 3000,
  });
  const high = { ...whole, levels: [{ ...whole.levels[0]!, open: 100_000 }] };
  assert.deepEqual(
    forecastOf(high).map(({ connections }) => connections),
    [1_000_000],
  );
  for (const blind of [
    { ...whole, perConnection: null },
    { ...whole, levels: [] },
    { ...whole, baselineBytes: null },
  ])
    assert.deepEqual(forecastOf(blind), []);
});

const { environment, target, generator } = runFile();
const LIMITS: ReadonlyArray<[string, Partial<RunFile>, Array<[string, number]>]> = [
  [
    'a small machine',
    {},
    [
      ['fds', 19_936],
      ['ports', 28_232],
      ['memory', 390_000],
    ],
  ],
  [
    'four processes',
    { target: { ...target, processes: 4 } },
    [
      ['ports', 28_232],
      ['fds', 79_744],
      ['memory', 390_000],
    ],
  ],
  [
    'many destinations and sources',
    { generator: { ...generator, legs: [{ ...generator.legs[0]!, destinations: 4, sources: ['a', 'b', 'c'] }] } },
    [
      ['fds', 19_936],
      ['ports', 338_784],
      ['memory', 390_000],
    ],
  ],
  [
    'a machine that tells nothing',
    { environment: { ...environment, ephemeralPorts: null }, target: { ...target, descriptorLimit: null } },
    [['memory', 390_000]],
  ],
  [
    'less memory than the target has already',
    { environment: { ...environment, memoryLimitBytes: 5e7 } },
    [
      ['memory', 0],
      ['fds', 19_936],
      ['ports', 28_232],
    ],
  ],
];
for (const [name, run, wanted] of LIMITS) {
  test(`limits of ${name}, the nearest first`, () => {
    assert.deepEqual(
      limitersOf(runFile(run), whole, 0).map(({ what, at }) => [what, at]),
      wanted,
    );
  });
}
test('a cost that may be 0 or less limits no memory', () => {
  const free = { ...whole, perConnection: { ...whole.perConnection, total: { bytes: -5, low: -9, high: 0 } } };
  assert.ok(limitersOf(runFile(), free, 0).every(({ what }) => what !== 'memory'));
});
