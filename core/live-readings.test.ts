import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processTree, readingsAt, serverMemory } from '../test/support/readings.ts';
import { ledgerOf } from './ledger.ts';
import { type LiveReadings, livened } from './live-readings.ts';

/** As the running counters see it: shared pages counted for each process, and no PSS. */
const live = (anonBytes: number, more: Partial<LiveReadings> = {}): LiveReadings => ({
  target: processTree(anonBytes, { pssBytes: null, ussBytes: null, hasEpoll: null, openFiles: 40, cpuSeconds: 9 }),
  client: processTree(20_000_000, { pssBytes: null }),
  ...{ sockstat: null, host: null, runtime: null },
  ...more,
});

test('a full reading brought up to the moment it was taken is itself', () => {
  const point = readingsAt(100, 7_000_000);
  const atPoint = live(9_000_000);
  const now = livened(point, atPoint, atPoint);
  const bytes = (readings: typeof point) => ledgerOf(readingsAt(0, 5_000_000), readings, { target: 100, client: 100 });
  assert.deepEqual(bytes(now), bytes(point));
});

test('memory moves as the running counters do, from where the full reading was', () => {
  const point = readingsAt(100, 7_000_000);
  const now = livened(point, live(9_000_000), live(9_500_000, { runtime: serverMemory(120, 6_000_000) }));
  const { target, runtime, established } = now;
  assert.equal(target?.anonBytes, 7_500_000);
  assert.deepEqual([target?.pssBytes, target?.ussBytes, target?.hasEpoll], [80_000_000, 70_000_000, true]);
  assert.deepEqual([target?.openFiles, target?.cpuSeconds], [40, 9]);
  assert.equal(runtime?.processes[0]?.heapUsedBytes, 6_000_000);
  assert.equal(established, null, 'nobody has counted since');
  const ledger = ledgerOf(readingsAt(0, 5_000_000), now, { target: 120, client: 120 });
  const { heapUsed, external, userOther, tcpSock } = ledger.components;
  assert.equal(tcpSock, 120 * 2500);
  assert.deepEqual([ledger.user, heapUsed, external, userOther], [7_500_000, 6_000_000, 2_000_000, -500_000]);
});

test('never below nothing, and unknown stays unknown', () => {
  const point = readingsAt(100, 1_000_000);
  assert.equal(livened(point, live(9_000_000), live(2_000_000)).target?.anonBytes, 0);
  const foreign = readingsAt(100, 1, { target: processTree(null) });
  assert.equal(livened(foreign, live(9_000_000), live(9_500_000)).target?.anonBytes, null);
  const gone = livened(point, live(9_000_000), live(0, { target: null, client: null }));
  assert.deepEqual([gone.target, gone.client], [point.target, point.client]);
});
