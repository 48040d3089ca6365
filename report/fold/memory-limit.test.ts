import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cgroup, Readings } from '../../core/schemas/readings.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { cgroupOf, readingsAt } from '../../test/support/readings.ts';
import { climb, memoryPoint, runFile } from '../../test/support/synthetic-run.ts';
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

/** Bytes, what they are of, and the machine's bytes beside them. */
type Wanted = [number, 'asked' | 'cgroup' | 'machine', number | null] | null;
const LIMITS: ReadonlyArray<[string, RunFile, Partial<Readings>, Wanted]> = [
  ['in a cgroup with a limit: that', pid, { cgroup: cgroup(64 * MIB) }, [64 * MIB, 'cgroup', 8e9]],
  ['in a cgroup without: its machine, not our container', pid, { cgroup: cgroup(null) }, [8e9, 'machine', 8e9]],
  ['limited to more than there is: its machine', pid, { cgroup: cgroup(9e9) }, [8e9, 'machine', 8e9]],
  ['whose cgroup is not known: what we may take ourselves', pid, {}, [4e9, 'machine', 4e9]],
  ['here, told by an exporter: the same', of('exporter', true), {}, [4e9, 'machine', 4e9]],
  ['whose process is here behind an address elsewhere', of('pid', false), {}, [4e9, 'machine', 4e9]],
  ['elsewhere: its machine, not what the meter may take', elsewhere, { remote }, [2e9, 'machine', 2e9]],
  ['elsewhere, in a cgroup', elsewhere, { remote, cgroup: cgroup(64 * MIB) }, [64 * MIB, 'cgroup', 2e9]],
  ['elsewhere, whose machine nobody reads', elsewhere, { remote: { ...remote, host: null } }, null],
  ['elsewhere, with one number of an exporter', elsewhere, { exporter: { metric: 'm', bytes: 5e7 } }, null],
  ['elsewhere, a URL alone', of('url', false), {}, null],
  [
    'for which a limit was given',
    of('url', false, { config: { memoryLimitBytes: 1e9 } }),
    { remote, cgroup: cgroup(64 * MIB) },
    [1e9, 'asked', null],
  ],
];
for (const [name, run, readings, wanted] of LIMITS) {
  test(`the memory limit of a target ${name}`, () => {
    const samples = [memoryPoint('baseline', 0, readingsAt(0, 4e7, readings))];
    const limit = memoryLimitOf({ run, samples });
    assert.deepEqual(limit && [limit.bytes, limit.basis, limit.machineBytes], wanted);
  });
}

test('a limit that is changed while the run goes on: the last one counts, and a reading without an answer does not', () => {
  const samples = [64, 128, null].map((mib, i) =>
    memoryPoint('hold', i + 1, readingsAt(1, 4e7, { cgroup: mib === null ? null : cgroup(mib * MIB) })),
  );
  assert.equal(memoryLimitOf({ run: pid, samples })?.bytes, 128 * MIB);
});

/** 8,000 bytes a connection (4,042 and 3,958 in the kernel) on 40 MB, of which `chargedEach` are charged on 50 MB less 1 kB. */
function inCgroup(limitBytes: number, chargedEach: number, exclusive = true) {
  const samples = climb(4042).map((sample) => {
    if (sample.type !== 'memory') return sample;
    const own = cgroupOf({ limitBytes, exclusive, currentBytes: 5e7 + chargedEach * sample.level });
    return { ...sample, readings: { ...sample.readings, cgroup: own } };
  });
  return summarize({ run: pid, samples, events: [], problems: [] });
}

test('the limit of a cgroup is on what it is charged for', () => {
  const { target: told, capacity, limiters, legs } = inCgroup(256 * MIB, 6000);
  assert.deepEqual([told.memoryLimit?.bytes, legs[0]!.chargedFit?.lines[0]?.bytesPerConnection], [256 * MIB, 6000]);
  const [{ of, memoryLimitBytes, connections } = assert.fail(), ...more] = capacity;
  const fits = Math.floor((0.8 * 256 * MIB - 5e7 + 1000) / 6000);
  assert.deepEqual([of, memoryLimitBytes, connections, more], ['charged', 256 * MIB, fits, []]);
  assert.ok(limiters.some(({ what, at }) => what === 'memory' && at === fits));
});

test('what is not charged has to fit into the machine: of the two limits the nearer one counts', () => {
  const [{ of, memoryLimitBytes, connections } = assert.fail()] = inCgroup(7e9, 1000).capacity;
  assert.deepEqual([of, memoryLimitBytes, connections], ['total', 8e9, (0.8 * 8e9 - 4e7) / 8000]);
});

test('in a cgroup with others the whole cost has to fit into its limit, which errs on the safe side', () => {
  const [{ of, memoryLimitBytes, connections } = assert.fail()] = inCgroup(256 * MIB, 6000, false).capacity;
  assert.deepEqual(
    [of, memoryLimitBytes, connections],
    ['total', 256 * MIB, Math.floor((0.8 * 256 * MIB - 4e7) / 8000)],
  );
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
