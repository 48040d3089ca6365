import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import { processTree, readingsAt } from '../../test/support/readings.ts';
import { memoryPoint, progressOf } from '../../test/support/synthetic-run.ts';
import { openingOf } from './opening.ts';

/** A point with the processor time the target had used, before and after a collection was forced. */
function pointAt(level: number, cpuSeconds: number, collectedAt: number | null = null): MemoryPoint {
  const at = (seconds: number) => readingsAt(level, 4e7, { target: processTree(4e7, { cpuSeconds: seconds }) });
  const point = memoryPoint(level === 0 ? 'baseline' : 'hold', level, at(collectedAt ?? cpuSeconds));
  return { ...point, unforced: collectedAt === null ? null : at(cpuSeconds) };
}
const cpuOf = (points: readonly MemoryPoint[]): number | null => openingOf(points, undefined).targetCpuMs;
const talk: MemoryPoint['talk'] = {
  durationMs: 1,
  messages: 1,
  replies: 1,
  lateReplies: 0,
  lostReplies: 0,
  fromOthers: 0,
  received: null,
  statuses: null,
  sendLag: [],
  rttPlanned: [],
  rttActual: [],
};

/** Points of a leg, ms of processor time for each connection opened. */
const CPU: ReadonlyArray<[string, MemoryPoint[], number | null]> = [
  ['from level to level', [pointAt(0, 1), pointAt(1000, 1.5), pointAt(2000, 2)], 0.5],
  ['without forced collections', [pointAt(0, 1, 5), pointAt(1000, 5.5, 9), pointAt(2000, 9.5, 12)], 0.5],
  ['in less time than is counted', [pointAt(0, 1), pointAt(1000, 1.19)], null],
  ['with one point', [pointAt(0, 1)], null],
  ['with no point', [], null],
  ['while messages are exchanged', [pointAt(0, 1), { ...pointAt(1000, 1.5), talk }], null],
  [
    'of a target that can not be read',
    [pointAt(0, 1), memoryPoint('hold', 1000, readingsAt(1000, 4e7, { target: null }))],
    null,
  ],
];
for (const [name, points, wanted] of CPU) {
  test(`processor time of the target ${name}`, () => assert.equal(cpuOf(points), wanted));
}

test('rate and latency are of the climb, not of the burst after it', () => {
  const points = [
    pointAt(1000, 1),
    { ...memoryPoint('burst', 5000, readingsAt(5000, 4e7)), progress: progressOf(9000) },
  ];
  const { ratePerSecond, maxMs } = openingOf(points, progressOf(9000));
  assert.equal(ratePerSecond, 2000);
  assert.ok(Math.abs(maxMs! - 2) < 0.02);
  assert.deepEqual(openingOf([], undefined).ratePerSecond, null);
});
