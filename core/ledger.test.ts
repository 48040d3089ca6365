import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Ends, KERNEL_COMPONENTS, type KernelRows } from './kernel-rows.ts';
import { LEDGER_COMPONENTS, ledgerOf, USER_COMPONENTS } from './ledger.ts';
import { type ProcessTree, Readings, SLAB_CACHES, type Slab } from './readings.ts';

const SIZES = [2520, 2688, 862, 195, 195, 128, 64, 16, 32, 24, 128, 128];
const slabWith = (objects: (cache: string) => number, without: readonly string[] = []): Slab =>
  Object.fromEntries(
    SLAB_CACHES.map((name, i) => [name, { objects: objects(name), bytesPerObject: SIZES[i]! }] as const).filter(
      ([name]) => !without.includes(name),
    ),
  );
const tree = (anonBytes: number | null, descriptorSlots = 512): ProcessTree => ({
  pids: [1],
  rssBytes: 50_000_000,
  pssBytes: 45_000_000,
  anonBytes,
  ussBytes: 40_000_000,
  swapBytes: 0,
  pageTablesBytes: 8192,
  descriptorSlots,
  threads: 11,
  cpuSeconds: 1,
});
const host = (usedBytes: number): NonNullable<Readings['host']> => ({
  totalBytes: 8e9,
  availableBytes: 4e9,
  usedBytes,
  slabUnreclaimableBytes: 1e8,
  slabReclaimableBytes: 1e8,
  pageTablesBytes: 1e6,
  kernelStackBytes: 1e6,
  limitBytes: 8e9,
});
const readings = (parts: Partial<Readings> = {}): Readings => ({
  target: tree(20_000_000),
  client: tree(30_000_000),
  runtime: null,
  slab: slabWith(() => 100),
  sockstat: { tcpInUse: 2, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 2, tcpMemBytes: 4096 },
  host: host(1e9),
  established: null,
  missing: [],
  tookMs: 1,
  ...parts,
});
const sum = (rows: Record<string, number | null>, names: readonly string[]): number =>
  names.reduce((total, name) => total + (rows[name] ?? 0), 0);

/** 1,000 connections, both ends here, on a kernel that merges port buckets with epoll items. */
const merged = ['tcp_bind_bucket', 'tcp_bind2_bucket', 'eventpoll_pwq'];
const before = readings({ slab: slabWith(() => 100, merged) });
const after = readings({
  target: tree(25_000_000, 1024),
  client: tree(31_000_000, 2048),
  slab: slabWith((name) => (name === 'eventpoll_epi' ? 4100 : 2100), merged),
  sockstat: { tcpInUse: 2002, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 2002, tcpMemBytes: 4096 },
  host: host(1e9 + 14_000_000),
});

test('a thousand connections on one host come apart into two ends', () => {
  const ledger = ledgerOf(before, after, { target: 1000, client: 1000 });
  assert.equal(ledger.user, 25_000_000);
  assert.equal(ledger.userBasis, 'anon');
  // All of the TCPv6 cache's growth is taken for IPv6: 2,000 sockets of 2,688 bytes.
  assert.equal(ledger.components.tcpSock, 2_688_000);
  assert.equal(ledger.components.socketInode, 862_000);
  assert.equal(ledger.components.dentry, 195_000);
  assert.equal(ledger.components.security, 56_000);
  assert.equal(ledger.components.epoll, 1000 * (128 + 64 + 16));
  assert.equal(ledger.components.localPorts, 0);
  assert.equal(ledger.client.components.localPorts, 2000 * 128);
  assert.equal(ledger.components.descriptorTable, 512 * 8.25);
  assert.equal(ledger.client.components.descriptorTable, 1536 * 8.25);
  assert.equal(ledger.total, 25_000_000 + ledger.kernel!);
  const explainedBytes = 5_000_000 + 1_000_000 + ledger.kernel! + ledger.client.kernel! - 2000 * (862 + 195);
  assert.equal(ledger.unexplained, 14_000_000 - explainedBytes);
});

test('a target with more sockets than connections pays for them itself', () => {
  const proxied = { ...after, sockstat: { ...after.sockstat!, tcpAlloc: 4002 } };
  const { components, client } = ledgerOf(before, proxied, { target: 1000, client: 1000 });
  assert.equal(client.components.socketInode, 862_000);
  assert.equal(components.socketInode, 3 * 862_000);
});

test('a target that does not use epoll has no epoll row', () => {
  const slab = slabWith((name) => (name === 'eventpoll_epi' ? 3100 : 2100), merged);
  const { components, client } = ledgerOf(before, { ...after, slab }, { target: 1000, client: 1000 });
  assert.equal(components.epoll, 0);
  assert.equal(client.components.epoll, 1000 * (128 + 64 + 16));
});

test('shared local ports leave fewer port buckets, and so more epoll items', () => {
  const established = {
    targetEnds: 1000,
    clientEnds: 1000,
    timeWait: 0,
    clientPorts: 500,
    clientAddresses: 500,
    targetQueuedBytes: 300,
    clientQueuedBytes: 100,
  };
  const sockstat = { ...after.sockstat!, tcpMemBytes: 4096 + 400_000 };
  const slab = slabWith((name) => (name === 'eventpoll_epi' ? 3100 : 2100), merged);
  const { components, client } = ledgerOf(
    before,
    { ...after, slab, established, sockstat },
    { target: 1000, client: 1000 },
  );
  assert.equal(client.components.localPorts, 1000 * 128);
  assert.equal(components.epoll, 1000 * (128 + 64 + 16));
  assert.equal(components.socketBuffers, 300_000);
  assert.equal(client.components.socketBuffers, 100_000);
});

test('the heap of a reference server is part of its own memory', () => {
  const one = {
    pid: 1,
    rssBytes: 1,
    heapUsedBytes: 6e6,
    heapTotalBytes: 7e6,
    externalBytes: 1e6,
    arrayBuffersBytes: 0,
  };
  const runtime: Readings['runtime'] = {
    schema: 1,
    collected: true,
    processes: [one, { ...one, pid: 2 }],
    census: {} as NonNullable<Readings['runtime']>['census'],
    live: { bytesPerConnection: null, idleRssBytes: null },
  };
  const { components } = ledgerOf(before, { ...after, runtime }, { target: 1000, client: 1000 });
  assert.deepEqual([components.heapUsed, components.external, components.userOther], [12e6, 2e6, 11e6]);
});

test('what could not be read is null, never 0', () => {
  const blind = readings({ target: null, slab: null, host: null });
  const ledger = ledgerOf(blind, blind, { target: 1000, client: 1000 });
  assert.deepEqual(
    [ledger.total, ledger.user, ledger.kernel, ledger.userBasis, ledger.unexplained],
    [null, null, null, null, null],
  );
  assert.deepEqual([ledger.components.tcpSock, ledger.components.userOther], [null, null]);
});

test('a remote target has no kernel rows here, and the client keeps all of the growth', () => {
  const ledger = ledgerOf(before, after, { target: null, client: 2000 });
  assert.equal(ledger.kernel, null);
  assert.ok(KERNEL_COMPONENTS.every((name) => ledger.components[name] === null));
  assert.equal(ledger.client.components.socketInode, 2 * 862_000);
});

test('without smaps the whole RSS counts, and says so', () => {
  const ledger = ledgerOf(before, { ...after, target: tree(null) }, { target: 1000, client: 1000 });
  assert.deepEqual([ledger.user, ledger.userBasis], [50_000_000, 'rss']);
});

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
    alloc: fc.option(fc.nat(300_000)),
    orphan: fc.nat(1000),
    memBytes: fc.nat(1e8),
    usedBytes: fc.nat(2e9),
  })
  .map((a) =>
    readings({
      target: tree(a.anonBytes, a.slots),
      slab: a.slabIsThere ? slabWith((name) => a.objects[SLAB_CACHES.indexOf(name as never)]!, a.without) : null,
      sockstat:
        a.alloc === null
          ? null
          : { tcpInUse: 0, tcpOrphan: a.orphan, tcpTimeWait: 0, tcpAlloc: a.alloc, tcpMemBytes: a.memBytes },
      host: host(a.usedBytes),
    }),
  );

test('property: parts sum to the whole, exactly', () => {
  fc.assert(
    fc.property(anyReadings, anyReadings, anyEnds, (baseline, hold, ends) => {
      const ledger = ledgerOf(baseline, hold, ends);
      if (ledger.user !== null) assert.equal(sum(ledger.components, USER_COMPONENTS), ledger.user);
      if (ledger.kernel !== null) assert.equal(sum(ledger.components, KERNEL_COMPONENTS), ledger.kernel);
      if (ledger.client.kernel !== null) {
        assert.equal(sum(ledger.client.components, KERNEL_COMPONENTS), ledger.client.kernel);
      }
      if (ledger.total !== null) assert.equal(ledger.total, ledger.user! + ledger.kernel!);
    }),
  );
});

test('property: the two ends share a row without loss, and moving the cut moves nothing else', () => {
  const shared = KERNEL_COMPONENTS.filter((name) => name !== 'descriptorTable' && name !== 'pageTables');
  const both = (baseline: Readings, hold: Readings, target: number, client: number): (number | null)[] => {
    const ledger = ledgerOf(baseline, hold, { target, client });
    const add = (a: KernelRows, b: KernelRows) => (name: (typeof shared)[number]) =>
      a[name] === null || b[name] === null ? null : a[name] + b[name];
    return shared
      .filter((name) => name !== 'epoll' && name !== 'localPorts')
      .map(add(ledger.components, ledger.client.components));
  };
  fc.assert(
    fc.property(
      anyReadings,
      anyReadings,
      fc.integer({ min: 1, max: 1e5 }),
      fc.integer({ min: 1, max: 1e5 }),
      (b, h, t, c) => {
        assert.deepEqual(both(b, h, t, c), both(b, h, c, t));
      },
    ),
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

test('the names of rows are distinct, and readings survive JSON', () => {
  assert.equal(new Set(LEDGER_COMPONENTS).size, LEDGER_COMPONENTS.length);
  assert.deepEqual(Readings.parse(JSON.parse(JSON.stringify(after))), after);
});
