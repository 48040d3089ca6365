import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { readingsAt } from '../../test/support/readings.ts';
import { climb, LEVELS, leg, memoryPoint, progressOf, runFile, tick } from '../../test/support/synthetic-run.ts';
import { summarize } from './summarize.ts';

const killed: Partial<RunFile> = { status: 'running', exitCode: null, finishedAt: null };
const error = (code: string): RunEvent => ({ type: 'error', elapsedMs: 5, code, message: `${code} came`, hint: 'do' });

/** How run.json ends, the errors in events.jsonl; what the summary says. */
const ENDS: ReadonlyArray<[string, Partial<RunFile>, RunEvent[], Summary['status'], number, string | null]> = [
  ['a run that went all the way', {}, [], 'measured', 0, null],
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

type Sampled = Parameters<typeof climb>[1];
const without = (levels: readonly number[], more: Sampled = {}): Sample[] =>
  climb(5000, { ...more, levels: LEVELS.filter((level) => !levels.includes(level)) });
/** At so many of the levels nobody told the target's memory. */
const untold = (levels: number, meter: 'target' | 'exporter' = 'target'): Sample[] => {
  let left = levels;
  return climb(5000).map((sample): Sample => {
    if (sample.type !== 'memory' || sample.phase !== 'hold' || left-- <= 0) return sample;
    return { ...sample, readings: { ...sample.readings, target: null, missing: [{ meter, why: 'EACCES' }] } };
  });
};
const ofKind = (kind: RunFile['target']['kind'], more: Partial<RunFile> = {}): Partial<RunFile> => ({
  target: { ...runFile().target, kind },
  ...more,
});
const few = (...levels: number[]): Partial<RunFile> => ({ plan: { legs: [leg({ levels })], launches: 1 } });
const scattered = climb(5000).map((sample, i): Sample => {
  if (sample.type !== 'memory' || sample.phase !== 'hold') return sample;
  return { ...sample, readings: readingsAt(sample.level, 4e7 + ((i * 7919) % 13) * 1e7) };
});
const twoLaunches: Partial<RunFile> = { plan: { legs: [leg()], launches: 2 } };
const twoLegs: Partial<RunFile> = ofKind('builtin', { plan: { legs: [leg({ protocol: 'tcp' }), leg()], launches: 1 } });

/** What a run measured that went all the way; how it stands, why, and whether a cost is told all the same. */
const WALKED: ReadonlyArray<[string, Partial<RunFile>, Sample[], [number, string | null, boolean], RegExp?]> = [
  [
    'no level at all',
    {},
    without(LEVELS),
    [4, 'EUNSTABLE', false],
    /^ws: no level held still: connections came and went$/,
  ],
  ['two of six levels', {}, without(LEVELS.slice(2)), [4, 'EUNSTABLE', false], /^ws: only 2 of 6 levels held still/],
  ['three of six levels', {}, without([500, 1500, 2500]), [0, null, true]],
  ['all levels but the top one', {}, without([3000]), [0, null, true]],
  ['one level, and no more were planned', few(3000), climb(5000, { levels: [3000] }), [0, null, false]],
  ['two levels, and no more were planned', few(1500, 3000), climb(5000, { levels: [1500, 3000] }), [0, null, false]],
  ['one of two levels', few(1500, 3000), climb(5000, { levels: [1500] }), [4, 'EUNSTABLE', false]],
  ['no level of one', few(3000), climb(5000, { levels: [] }), [4, 'EUNSTABLE', false]],
  [
    'levels at which nobody could read the target',
    ofKind('pid'),
    untold(6),
    [4, 'EMETER', true],
    /^ws: the target's memory could not be read at 6 of 6 levels: EACCES$/,
  ],
  ['two levels at which somebody could', ofKind('command'), untold(4), [4, 'EMETER', true]],
  ['three levels at which somebody could', ofKind('command'), untold(3), [0, null, true]],
  ['an exporter that fell silent', ofKind('exporter'), untold(6, 'exporter'), [4, 'EEXPORTER', true]],
  ['latencies of a URL, where nobody was asked', ofKind('url'), untold(6), [0, null, true]],
  ['levels that scatter', ofKind('pid'), scattered, [0, null, true]],
  [
    'one launch, and no level in the other',
    twoLaunches,
    [...climb(5000), ...without(LEVELS, { launch: 1 })],
    [4, 'EUNSTABLE', true],
    /^ws, launch 2 of 2: no level held still/,
  ],
  [
    'no level in the first launch',
    twoLaunches,
    [...without(LEVELS), ...climb(5000, { launch: 1 })],
    [4, 'EUNSTABLE', true],
    /^ws, launch 1 of 2: /,
  ],
  [
    'one leg of two',
    twoLegs,
    [...climb(5000, { leg: 0, protocol: 'tcp' }), ...without(LEVELS, { leg: 1 })],
    [4, 'EUNSTABLE', true],
    /^ws: no level/,
  ],
  ['a client that was too slow', {}, late, [6, 'EGENERATOR', true]],
];
for (const [name, run, samples, [exitCode, code, hasCost], message] of WALKED) {
  test(`a run that went all the way and has ${name}: ${code ?? 'measured'}, ${exitCode}`, () => {
    const summary = summarize({ run: runFile(run), samples, events: [], problems: [] });
    const status = exitCode === 0 ? 'measured' : exitCode === 6 ? 'invalid' : 'failed';
    assert.deepEqual([summary.status, summary.exitCode, summary.error?.code ?? null], [status, exitCode, code]);
    assert.equal(
      summary.legs.some(({ perConnection }) => perConnection !== null),
      hasCost,
    );
    if (message) assert.match(summary.error!.message, message);
  });
}

test('a level that any launch held is kept, with the line of a launch that has one', () => {
  const samples = [...without(LEVELS.slice(1)), ...climb(5000, { launch: 1 })];
  const [one] = summarize({ run: runFile(twoLaunches), samples, events: [], problems: [] }).legs;
  assert.deepEqual(
    one!.levels.map(({ open }) => open),
    LEVELS,
  );
  assert.equal(one!.perConnection!.user!.bytes, 5000);
  assert.ok(one!.fit!.rSquared > 0.99);
});

test('user memory is fitted over the levels at which it was told', () => {
  const [one] = summarize({ run: runFile(), samples: untold(2), events: [], problems: [] }).legs;
  assert.deepEqual([one!.levels.length, one!.perConnection!.user!.bytes], [6, 5000]);
});

test('a record that says passed, but of which samples are lost, has not passed: it can not be read', () => {
  const problems = ['samples.jsonl is missing (ENOENT)'];
  const summary = summarize({ run: runFile(), samples: [], events: [], problems });
  assert.deepEqual([summary.status, summary.exitCode, summary.error?.code], ['failed', 2, 'ERUNFOLDER']);
  assert.match(summary.error!.message, /samples\.jsonl is missing/);
});
