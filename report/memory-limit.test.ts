import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cgroup, Readings } from '../core/readings.ts';
import type { RunFile } from '../core/record.ts';
import { cgroupOf, readingsAt } from '../test/support/readings.ts';
import { climb, memoryPoint, runFile } from '../test/support/synthetic-run.ts';
import { memoryLimitOf } from './memory-limit.ts';
import { summarize } from './summarize.ts';

const MIB = 2 ** 20;
const cgroup = (limitBytes: number | null): Cgroup => cgroupOf({ limitBytes });
const { host, slab, sockstat } = readingsAt(0, 0);
/** A machine of 2 GB, on which the meter itself may take no more than 300 MB. */
const remote = { slab, sockstat, host: { ...host!, totalBytes: 2e9, limitBytes: 3e8 } };

const { target, generator, environment } = runFile();
const of = (kind: RunFile['target']['kind'], targetIsLocal: boolean, more: Partial<RunFile> = {}): RunFile =>
  runFile({
    target: { ...target, kind },
    generator: { ...generator, legs: [{ ...generator.legs[0]!, targetIsLocal }] },
    // The client's container has half of the machine's memory.
    environment: { ...environment, memoryBytes: 8e9, memoryLimitBytes: 4e9 },
    ...more,
  });
const pid = of('pid', true);
const elsewhere = of('exporter', false);

const LIMITS: ReadonlyArray<[string, RunFile, Partial<Readings>, ReturnType<typeof memoryLimitOf>]> = [
  ['in a cgroup with a limit: that', pid, { cgroup: cgroup(64 * MIB) }, { bytes: 64 * MIB, basis: 'cgroup' }],
  [
    'in a cgroup without: its machine, not our container',
    pid,
    { cgroup: cgroup(null) },
    { bytes: 8e9, basis: 'machine' },
  ],
  ['limited to more than there is: its machine', pid, { cgroup: cgroup(9e9) }, { bytes: 8e9, basis: 'machine' }],
  ['whose cgroup is not known: what we may take ourselves', pid, {}, { bytes: 4e9, basis: 'machine' }],
  ['here, told by an exporter: the same', of('exporter', true), {}, { bytes: 4e9, basis: 'machine' }],
  ['whose process is here behind an address elsewhere', of('pid', false), {}, { bytes: 4e9, basis: 'machine' }],
  ['elsewhere: its machine, not what the meter may take', elsewhere, { remote }, { bytes: 2e9, basis: 'machine' }],
  [
    'elsewhere, in a cgroup with a limit',
    elsewhere,
    { remote, cgroup: cgroup(64 * MIB) },
    { bytes: 64 * MIB, basis: 'cgroup' },
  ],
  ['elsewhere, whose machine nobody reads', elsewhere, { remote: { ...remote, host: null } }, null],
  ['elsewhere, with one number of an exporter', elsewhere, { exporter: { metric: 'm', bytes: 5e7 } }, null],
  ['elsewhere, a URL alone', of('url', false), {}, null],
  [
    'for which a limit was given',
    of('url', false, { config: { memoryLimitBytes: 1e9 } }),
    { remote, cgroup: cgroup(64 * MIB) },
    { bytes: 1e9, basis: 'asked' },
  ],
];
for (const [name, run, readings, wanted] of LIMITS) {
  test(`the memory limit of a target ${name}`, () => {
    const samples = [memoryPoint('baseline', 0, readingsAt(0, 4e7, readings))];
    assert.deepEqual(memoryLimitOf({ run, samples }), wanted);
  });
}

test('a limit that is changed while the run goes on: the last one counts, and a reading without an answer does not', () => {
  const samples = [64, 128, null].map((mib, i) =>
    memoryPoint('hold', i + 1, readingsAt(1, 4e7, { cgroup: mib === null ? null : cgroup(mib * MIB) })),
  );
  assert.deepEqual(memoryLimitOf({ run: pid, samples }), { bytes: 128 * MIB, basis: 'cgroup' });
});

test('capacity and first limit follow the limit of the target', () => {
  const samples = climb(4042).map((sample) =>
    sample.type === 'memory' ? { ...sample, readings: { ...sample.readings, cgroup: cgroup(256 * MIB) } } : sample,
  );
  const summary = summarize({ run: pid, samples, events: [], problems: [] });
  assert.deepEqual(summary.target.memoryLimit, { bytes: 256 * MIB, basis: 'cgroup' });
  const [{ memoryLimitBytes, connections } = assert.fail()] = summary.capacity;
  // 40 MB without connections, 4,042 + 3,958 bytes for each.
  assert.deepEqual([memoryLimitBytes, connections], [256 * MIB, Math.floor((0.8 * 256 * MIB - 40e6) / 8000)]);
  assert.ok(summary.limiters.some(({ what, at }) => what === 'memory' && at === connections));
});

test('a target elsewhere that nobody tells the limit of has no capacity, and the summary says what would give one', () => {
  const samples = climb(4042).map((sample) =>
    sample.type === 'memory'
      ? { ...sample, readings: { ...sample.readings, remote: { ...remote, host: null } } }
      : sample,
  );
  const summary = summarize({ run: elsewhere, samples, events: [], problems: [] });
  assert.ok(summary.legs[0]!.perConnection!.total, 'the cost is known');
  assert.deepEqual([summary.target.memoryLimit, summary.capacity], [null, []]);
  assert.deepEqual(
    summary.limiters.map(({ what }) => what).filter((what) => ['memory', 'cpu', 'tcp-mem'].includes(what)),
    [],
    "what is the client machine's is no limit of the target",
  );
  assert.ok(summary.warnings.some((text) => /how many connections fit is not told.*--memory-limit/.test(text)));
});
