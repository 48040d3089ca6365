import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processTree, readingsAt, serverMemory } from '../../test/support/readings.ts';
import { ledgerOf } from './ledger.ts';
import { type LiveReadings, livened } from './live-readings.ts';

/** As the running counters see it: shared pages counted for each process, and no PSS. */
const live = (anonBytes: number, more: Partial<LiveReadings> = {}): LiveReadings => ({
  target: processTree(anonBytes, { pssBytes: null, ussBytes: null, hasEpoll: null, openFiles: 40, cpuSeconds: 9 }),
  client: processTree(20_000_000, { pssBytes: null }),
  sockstat: null,
  host: null,
  runtime: null,
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

test('what was queued stays, as far as the host still has it reserved', () => {
  const queue = { sockets: 100, bytes: 100, truesizeBytes: 83_300 };
  const none = { sockets: 0, bytes: 0, truesizeBytes: 0 };
  const queues = { received: queue, written: none, reservedBytes: 409_600 };
  const sockstat = { tcpInUse: 200, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 200, tcpMemBytes: 800_000 };
  const listed = readingsAt(100, 7_000_000);
  const established = { ...listed.established!, targetQueues: queues };
  const point = { ...listed, sockstat, established };
  const ledgerWith = (tcpMemBytes: number) => {
    const now = livened(point, live(9_000_000), live(9_000_000, { sockstat: { ...sockstat, tcpMemBytes } }));
    const { components, tcpReserved } = ledgerOf(readingsAt(0, 5_000_000), now, { target: 100, client: 100 });
    return [components.socketBuffers, tcpReserved];
  };
  const atPoint = ledgerOf(readingsAt(0, 5_000_000), point, { target: 100, client: 100 });
  assert.deepEqual(ledgerWith(800_000), [atPoint.components.socketBuffers, atPoint.tcpReserved]);
  assert.deepEqual(ledgerWith(200_000), [atPoint.components.socketBuffers! / 4, 409_600 / 4]);
  assert.deepEqual(ledgerWith(900_000_000), [atPoint.components.socketBuffers, 409_600], "a neighbour's are its own");
  assert.deepEqual(ledgerWith(0), [0, 0]);
});
