import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beforeThousand, makeSlab, makeTree, withThousand } from '../../test/support/ledger-readings.ts';
import type { ProcessTree, Readings } from '../schemas/readings.ts';
import { keptSocketsOf } from './kernel-rows.ts';
import { ledgerOf } from './ledger.ts';

const AT_SOCKET = { target: 1000, client: 1000, family: 'unix' } as const;

const heldBy = (tcp: number, more: Partial<NonNullable<ProcessTree['sockets']>> = {}) => ({
  sockets: { tcp, connecting: 0, ports: 0, addresses: 0, others: 0, ...more },
});

const listed = (more: Partial<NonNullable<Readings['established']>>): Readings['established'] => ({
  targetEnds: 1000,
  clientEnds: 1000,
  timeWait: 0,
  clientPorts: 500,
  clientAddresses: 600,
  targetQueuedBytes: 0,
  clientQueuedBytes: 0,
  ...more,
});

test('at a Unix socket both ends have sockets of that kind, and neither a port nor memory of TCP', () => {
  const received = { sockets: 1000, bytes: 1000, truesizeBytes: 832_000 };
  const targetQueues = { received, written: { sockets: 0, bytes: 0, truesizeBytes: 0 }, reservedBytes: 0 };
  const established = listed({ targetQueues, clientPorts: 0, clientAddresses: 0 });
  const { components, client, kernel, tcpReserved } = ledgerOf(
    beforeThousand,
    { ...withThousand, established },
    AT_SOCKET,
  );
  for (const rows of [components, client.components]) {
    assert.deepEqual([rows.tcpSock, rows.unixSock, rows.localPorts], [0, 1_170_000, 0]);
    assert.deepEqual([rows.socketInode, rows.dentry, rows.file], [862_000, 195_000, 195_000]);
  }
  // Its buffers are charged as they are.
  assert.deepEqual([components.socketBuffers, client.components.socketBuffers, tcpReserved], [832_000, 0, 0]);
  assert.ok(kernel! > 1_170_000 + 862_000 + 390_000 + 832_000);
  const live = ledgerOf(beforeThousand, { ...withThousand, established: null }, AT_SOCKET);
  assert.equal(live.client.components.localPorts, 0, 'also between lists');
});

test('a proxy at a Unix socket pays for TCP on its way onwards, and one that nobody sizes has no sum', () => {
  const baseline = { ...beforeThousand, target: makeTree(20_000_000, heldBy(2, { others: 1 })) };
  const target = makeTree(25_000_000, { openFiles: 20 + 2000, ...heldBy(1002, { others: 1001 }) });
  const { components } = ledgerOf(baseline, { ...withThousand, target }, AT_SOCKET);
  assert.deepEqual([components.unixSock, components.tcpSock], [1_170_000, 2_520_000]);
  assert.deepEqual([components.socketInode, components.file], [2 * 862_000, 2000 * 195]);
  const slab = makeSlab(() => 0, ['UNIX-STREAM']);
  const unsized = ledgerOf(baseline, { ...withThousand, slab }, AT_SOCKET);
  assert.deepEqual([unsized.kernel, unsized.components.unixSock], [null, null]);
});

test('what a target at a Unix socket never closed is told by its files, or by its sockets where they were looked at', () => {
  const tree = (openFiles: number, others?: number) =>
    makeTree(20_000_000, { openFiles, ...(others !== undefined && heldBy(2, { others })) });
  const kept = (before: ReturnType<typeof tree>, now: ReturnType<typeof tree>): number | null =>
    keptSocketsOf({ ...beforeThousand, target: before }, { ...withThousand, target: now }, 'unix');
  assert.equal(kept(tree(20), tree(25)), 5);
  assert.equal(kept(tree(20, 1), tree(25, 4)), 3);
});
