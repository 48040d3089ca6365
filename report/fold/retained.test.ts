import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../core/schemas/record.ts';
import { KERNEL_BYTES_EACH, processTree, readingsAt } from '../../test/support/readings.ts';
import { exactBytes, readOnlyLeg, summarizeSamples } from '../../test/support/summaries.ts';
import { climb, LEVELS, leg, memoryPoint, progressOf, runFile } from '../../test/support/synthetic-run.ts';

test('what is retained is spread over the connections closed since the baseline', () => {
  assert.deepEqual(readOnlyLeg(summarizeSamples(climb(5000, { retainedBytes: 3_000_000 }))).retained, {
    bytesPerClosedConnection: 1000,
    low: null,
    high: null,
    firstCycleBytes: 1000,
    kernel: { bytesPerClosedConnection: 0, low: null, high: null },
    files: { perClosedConnection: 0, low: null, high: null },
  });
});

/** After each cycle: descriptors the target has more, and TCP sockets the host has more. */
const LEFT_OPEN: ReadonlyArray<[string, number, number, number]> = [
  ['sockets', 3000, 3000, KERNEL_BYTES_EACH],
  ['one socket in four', 750, 750, KERNEL_BYTES_EACH / 4],
  ['files that are no sockets', 3000, 0, 200],
  ['nothing, while a neighbour opens sockets', 0, 5000, 0],
];
for (const [name, openFiles, tcpAlloc, kernelBytes] of LEFT_OPEN) {
  test(`what the target never closes is retained in the kernel: ${name}`, () => {
    const drained = (cycle: number): Sample => {
      const at = readingsAt(0, 45_000_000);
      const target = processTree(45_000_000, { openFiles: 25 + openFiles * cycle });
      const sockstat = { ...at.sockstat!, tcpAlloc: tcpAlloc * cycle };
      const readings = { ...at, target, sockstat };
      return memoryPoint('retained', 0, readings, { cycle: cycle - 1, progress: progressOf(0, 3000 * cycle) });
    };
    const climbed = climb(5000).filter((sample) => sample.type !== 'memory' || sample.phase !== 'retained');
    const { retained, drains } = readOnlyLeg(summarizeSamples([...climbed, drained(1), drained(2), drained(3)]));
    assert.ok(Math.abs(retained!.kernel!.bytesPerClosedConnection - kernelBytes) < 1, JSON.stringify(retained));
    assert.ok(Math.abs(retained!.files!.perClosedConnection - openFiles / 3000) < 1e-9);
    assert.equal(retained!.files!.low! > 0, openFiles > 0);
    assert.equal(retained!.kernel!.low! > 0, openFiles > 0);
    assert.deepEqual(
      drains.map(({ openFiles: files }) => files),
      [0, 1, 2, 3].map((cycle) => 25 + openFiles * cycle),
    );
  });
}

test('where nobody counts descriptors, what is retained in the kernel is not known', () => {
  const uncounted = climb(5000).map((sample): Sample => {
    if (sample.type !== 'memory') return sample;
    const target = { ...sample.readings.target!, openFiles: null };
    return { ...sample, readings: { ...sample.readings, target } };
  });
  const { retained } = readOnlyLeg(summarizeSamples(uncounted));
  assert.deepEqual([retained!.kernel, retained!.files], [null, null]);
});

test('over several cycles only what grows between them is retained, with an interval from the third on', () => {
  const drained = (cycle: number) =>
    memoryPoint('retained', 0, readingsAt(0, 45_000_000 + 1024 * 3000 * cycle), {
      progress: progressOf(0, 3000 * cycle),
    });
  const cycles = climb(5000).filter((sample) => sample.type !== 'memory' || sample.phase !== 'retained');
  const { retained } = readOnlyLeg(summarizeSamples([...cycles, drained(1), drained(2), drained(3)]));
  assert.equal(retained!.bytesPerClosedConnection, 1024);
  assert.ok(retained!.low! > 0 && retained!.low! < 1024 && retained!.high! > 1024);
});

test('later cycles are there for what they leave behind: the levels are those of the first climb', () => {
  const plan = { legs: [leg({ cycles: 3 })], launches: 1 };
  const first = climb(5000);
  const closed = LEVELS.at(-1)!;
  // What the first climb left (1 MB) is paid once; each closed connection leaves 1,000 bytes.
  const drained = (cycle: number) =>
    memoryPoint('retained', 0, readingsAt(0, 41_000_000 + 1000 * closed * (cycle + 1)), {
      cycle,
      progress: progressOf(0, closed * (cycle + 1)),
    });
  const top = memoryPoint('hold', closed, readingsAt(closed, 90_000_000), { cycle: 1 });
  const samples = [
    ...first.filter(({ type }) => type !== 'leg-end').slice(0, -1),
    drained(0),
    top,
    drained(1),
    drained(2),
  ];
  const { levels, retained, perConnection } = readOnlyLeg(summarizeSamples(samples, { run: runFile({ plan }) }));
  assert.equal(levels.length, LEVELS.length);
  assert.deepEqual(perConnection?.user, exactBytes(5000));
  assert.equal(retained?.bytesPerClosedConnection, 1000);
  assert.ok(retained!.low! > 940 && retained!.high! < 1060, JSON.stringify(retained));
});
