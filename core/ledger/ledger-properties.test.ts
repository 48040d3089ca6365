import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeHost, makeReadings, makeSlab, makeTree, sumRows } from '../../test/support/ledger-readings.ts';
import { type Readings, SLAB_CACHES } from '../schemas/readings.ts';
import { type Ends, KERNEL_COMPONENTS } from './kernel-rows.ts';
import { ledgerOf, USER_COMPONENTS } from './ledger.ts';

const anyEnds: fc.Arbitrary<Ends> = fc.record({
  target: fc.option(fc.nat(100_000)),
  client: fc.option(fc.nat(100_000)),
});
const anyReadings: fc.Arbitrary<Readings> = fc
  .record({
    objects: fc.array(fc.nat(300_000), { minLength: SLAB_CACHES.length, maxLength: SLAB_CACHES.length }),
    without: fc.subarray([...SLAB_CACHES]),
    slabIsThere: fc.boolean(),
    anonBytes: fc.option(fc.nat(1e9)),
    slots: fc.nat(1e6),
    openFiles: fc.option(fc.nat(300_000)),
    hasEpoll: fc.option(fc.boolean()),
    alloc: fc.option(fc.nat(300_000)),
    orphan: fc.nat(1000),
    memBytes: fc.nat(1e8),
    usedBytes: fc.nat(2e9),
  })
  .map((a) =>
    makeReadings({
      target: makeTree(a.anonBytes, { descriptorSlots: a.slots, openFiles: a.openFiles, hasEpoll: a.hasEpoll }),
      slab: a.slabIsThere ? makeSlab((name) => a.objects[SLAB_CACHES.indexOf(name as never)]!, a.without) : null,
      sockstat:
        a.alloc === null
          ? null
          : { tcpInUse: 0, tcpOrphan: a.orphan, tcpTimeWait: 0, tcpAlloc: a.alloc, tcpMemBytes: a.memBytes },
      host: makeHost(a.usedBytes),
    }),
  );

test('property: parts sum to the whole, exactly', () => {
  fc.assert(
    fc.property(anyReadings, anyReadings, anyEnds, (baseline, hold, ends) => {
      const ledger = ledgerOf(baseline, hold, ends);
      if (ledger.user !== null) assert.equal(sumRows(ledger.components, USER_COMPONENTS), ledger.user);
      if (ledger.kernel !== null) assert.equal(sumRows(ledger.components, KERNEL_COMPONENTS), ledger.kernel);
      if (ledger.client.kernel !== null) {
        assert.equal(sumRows(ledger.client.components, KERNEL_COMPONENTS), ledger.client.kernel);
      }
      if (ledger.total !== null) assert.equal(ledger.total, ledger.user! + ledger.kernel!);
    }),
  );
});

test('property: the target pays at least for its connections, and never for fewer', () => {
  fc.assert(
    fc.property(anyReadings, anyReadings, anyEnds, fc.nat(1000), (baseline, hold, ends, more) => {
      if (ends.target === null) return;
      const few = ledgerOf(baseline, hold, ends).components;
      const many = ledgerOf(baseline, hold, { ...ends, target: ends.target + more }).components;
      const perSocket = hold.slab?.sock_inode_cache?.bytesPerObject;
      if (perSocket !== undefined) assert.ok(few.socketInode! >= ends.target * perSocket);
      if (ends.target > 0 && few.tcpSock !== null) assert.ok(many.tcpSock! >= few.tcpSock);
    }),
  );
});

test('property: no connection, no kernel memory', () => {
  fc.assert(
    fc.property(anyReadings, anyReadings, (baseline, hold) => {
      const { kernel, client } = ledgerOf(baseline, hold, { target: 0, client: 0 });
      if (kernel !== null) assert.equal(kernel, 0);
      if (client.kernel !== null) assert.equal(client.kernel, 0);
    }),
  );
});
