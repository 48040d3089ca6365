import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ProcessTree, Readings, SLAB_CACHES, type Slab } from '../schemas/readings.ts';
import { type Ends, KERNEL_COMPONENTS } from './kernel-rows.ts';
import { LEDGER_COMPONENTS, ledgerOf, USER_COMPONENTS } from './ledger.ts';

const SIZES = [2520, 2688, 862, 195, 195, 128, 64, 16, 32, 24, 128, 128, 256, 256, 256, 512, 576];
const slabWith = (objects: (cache: string) => number, without: readonly string[] = []): Slab =>
  Object.fromEntries(
    SLAB_CACHES.map((name, i) => [name, { objects: objects(name), bytesPerObject: SIZES[i]! }] as const).filter(
      ([name]) => !without.includes(name),
    ),
  );
const tree = (anonBytes: number | null, more: Partial<ProcessTree> = {}): ProcessTree => ({
  pids: [1],
  rssBytes: 50_000_000,
  pssBytes: 45_000_000,
  anonBytes,
  ussBytes: 40_000_000,
  swapBytes: 0,
  pageTablesBytes: 8192,
  descriptorSlots: 512,
  openFiles: 20,
  hasEpoll: true,
  threads: 11,
  cpuSeconds: 1,
  ...more,
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
  cgroup: null,
  exporter: null,
  remote: null,
  missing: [],
  tookMs: 1,
  meterMs: {},
  ...parts,
});
const sum = (rows: Record<string, number | null>, names: readonly string[]): number =>
  names.reduce((total, name) => total + (rows[name] ?? 0), 0);

/** 1,000 connections, both ends here, on a kernel that merges port buckets with epoll items. */
const merged = ['tcp_bind_bucket', 'tcp_bind2_bucket', 'eventpoll_pwq'];
const before = readings({ slab: slabWith(() => 100, merged) });
const after = readings({
  target: tree(25_000_000, { descriptorSlots: 1024, openFiles: 1020 }),
  client: tree(31_000_000, { descriptorSlots: 2048, openFiles: 1020 }),
  slab: slabWith((name) => (name === 'eventpoll_epi' ? 4100 : 2100), merged),
  sockstat: { tcpInUse: 2002, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 2002, tcpMemBytes: 4096 },
  host: host(1e9 + 14_000_000),
});

test('a thousand connections on one host come apart into two ends', () => {
  const ledger = ledgerOf(before, after, { target: 1000, client: 1000 });
  assert.equal(ledger.user, 25_000_000);
  assert.equal(ledger.userBasis, 'anon');
  assert.equal(ledger.components.tcpSock, 2_520_000);
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

const heldBy = (tcp: number, more: Partial<NonNullable<ProcessTree['sockets']>> = {}) => ({
  sockets: { tcp, connecting: 0, ports: 0, addresses: 0, others: 0, ...more },
});

test('a target that holds more sockets than connections pays for them, and for the ports of those that connect', () => {
  const ends = { target: 1000, client: 1000 };
  const baseline = { ...before, target: tree(20_000_000, heldBy(2, { connecting: 1, ports: 1, addresses: 1 })) };
  const target = tree(25_000_000, {
    openFiles: 20 + 3000,
    ...heldBy(3002, { connecting: 2001, ports: 1501, addresses: 2001 }),
  });
  const { components, client } = ledgerOf(baseline, { ...after, target }, ends);
  assert.equal(client.components.socketInode, 862_000);
  assert.deepEqual([components.socketInode, components.file], [3 * 862_000, 3 * 195_000]);
  assert.equal(components.localPorts, (1500 + 2000) * 128);
});

test('its other sockets have no state of TCP, and other files are only files', () => {
  const ends = { target: 1000, client: 1000 };
  const baseline = { ...before, target: tree(20_000_000, heldBy(2)) };
  const target = tree(25_000_000, { openFiles: 20 + 3500, ...heldBy(1002, { others: 2000 }) });
  const { components } = ledgerOf(baseline, { ...after, target }, ends);
  assert.equal(components.tcpSock, 1000 * 2520);
  assert.deepEqual([components.socketInode, components.file], [3 * 862_000, 3500 * 195]);
  // Where nobody looked, it has files of whatever kind.
  const unseen = ledgerOf(before, { ...after, target: tree(25_000_000, { openFiles: 20 + 3500 }) }, ends).components;
  assert.deepEqual([unseen.socketInode, unseen.file], [862_000, 3500 * 195]);
});

for (const [neighbour, tcpAlloc] of [
  ['opens', 22_002],
  ['closes', 0],
] as const) {
  test(`a neighbour that ${neighbour} thousands of sockets doesn't move the target's kernel memory`, () => {
    const quiet = ledgerOf(before, after, { target: 1000, client: 1000 });
    const sockstat = { ...after.sockstat!, tcpAlloc };
    const loud = ledgerOf(before, { ...after, sockstat }, { target: 1000, client: 1000 });
    assert.deepEqual(loud, quiet);
  });
}

test('a target that does not use epoll has no epoll row; one that nobody may look into has an unknown one', () => {
  const ends = { target: 1000, client: 1000 };
  const without = (hasEpoll: boolean | null) => ({ ...after, target: tree(25_000_000, { hasEpoll }) });
  assert.equal(ledgerOf(before, without(false), ends).components.epoll, 0);
  assert.equal(ledgerOf(before, without(null), ends).components.epoll, null);
  assert.equal(ledgerOf(before, without(false), ends).client.components.epoll, 208_000);
});

const NO_QUEUE = { sockets: 0, bytes: 0, truesizeBytes: 0 };
const NO_QUEUES = { received: NO_QUEUE, written: NO_QUEUE, reservedBytes: 0 };
const listed = (more: Partial<NonNullable<Readings['established']>>): Readings['established'] => ({
  targetEnds: 1000,
  clientEnds: 1000,
  timeWait: 0,
  clientPorts: 500,
  clientAddresses: 600,
  targetQueuedBytes: 0,
  clientQueuedBytes: 0,
  targetQueues: NO_QUEUES,
  clientQueues: NO_QUEUES,
  ...more,
});
/** A byte at each of 1,000 ends: the kernel charges one buffer, and a page of tcp_mem. */
const byteEach = { sockets: 1000, bytes: 1000, truesizeBytes: 833_000 };
const ENDS = { target: 1000, client: 1000 };

test('queued data belongs to the end in whose queues it lies, and local ports are counted once', () => {
  const targetQueues = { ...NO_QUEUES, received: byteEach, reservedBytes: 4_096_000 };
  const clientQueues = { ...NO_QUEUES, written: byteEach, reservedBytes: 4_096_000 };
  // A neighbour's, and what is reserved in advance.
  const sockstat = { ...after.sockstat!, tcpMemBytes: 900_000_000 };
  const established = listed({ targetQueues, clientQueues });
  const { components, client, tcpReserved } = ledgerOf(before, { ...after, established, sockstat }, ENDS);
  assert.equal(client.components.localPorts, 1100 * 128);
  assert.equal(components.localPorts, 0);
  // One head of a pair is charged, and both are there.
  assert.equal(components.socketBuffers, 1000 * (1 + 512 + 576));
  assert.equal(client.components.socketBuffers, 1000 * (1 + 512 + 576));
  assert.equal(tcpReserved, 4_096_000);
  const idle = ledgerOf(before, { ...after, established: listed({}), sockstat }, ENDS);
  assert.deepEqual([idle.components.socketBuffers, idle.tcpReserved], [0, 0]);
});

test('what a proxy has queued on its way onwards is its own', () => {
  const queues = { ...NO_QUEUES, written: byteEach, reservedBytes: 4_096_000 };
  const target = tree(25_000_000, { openFiles: 2020, ...heldBy(2002, { connecting: 1000, queues }) });
  const { components, client, tcpReserved } = ledgerOf(before, { ...after, target, established: listed({}) }, ENDS);
  assert.equal(components.socketBuffers, 1000 * (1 + 512 + 576));
  assert.deepEqual([client.components.socketBuffers, tcpReserved], [0, 4_096_000]);
});

test('where only lengths are listed, each socket with anything queued has one buffer for each 32 KiB', () => {
  const lengths = { sockets: 1000, bytes: 65_536_000, truesizeBytes: null };
  const targetQueues = { received: lengths, written: NO_QUEUE, reservedBytes: null };
  const of = (established: Readings['established']) => ledgerOf(before, { ...after, established }, ENDS);
  const { components, tcpReserved } = of(listed({ targetQueues }));
  assert.equal(components.socketBuffers, 65_536_000 + 3000 * (512 + 576));
  assert.equal(tcpReserved, 17 * 4096 * 1000);
  const { targetQueues: _, clientQueues: __, ...older } = listed({ targetQueuedBytes: 300 })!;
  assert.equal(of(older).components.socketBuffers, Math.round(300 + (300 + 300 / 32_768) * (512 + 576)));
});

test('what earlier connections leave in TIME_WAIT, and take with them when it expires, is not unexplained', () => {
  const established = listed({ clientPorts: 1000, clientAddresses: 1000 })!;
  const withLeft = (one: Readings, tcpTimeWait: number, leftPorts: number, leftAddresses: number): Readings => ({
    ...one,
    slab: { ...one.slab, tw_sock_TCP: { objects: tcpTimeWait, bytesPerObject: 256 } },
    sockstat: { ...one.sockstat!, tcpTimeWait },
    established: { ...established, leftPorts, leftAddresses },
  });
  const ends = { target: 1000, client: 1000 };
  const plain = ledgerOf(withLeft(before, 0, 0, 0), withLeft(after, 0, 0, 0), ends);
  const fading = ledgerOf(withLeft(before, 5000, 3000, 4000), withLeft(after, 2000, 1000, 1500), ends);
  const lessBytes = 3000 * 256 + (2000 + 2500) * 128;
  assert.deepEqual([plain.timeWait, fading.timeWait], [0, -lessBytes]);
  assert.equal(fading.unexplained! - plain.unexplained!, lessBytes);
  assert.deepEqual(fading.components, plain.components);
  assert.equal(ledgerOf(before, { ...after, slab: null }, ends).timeWait, null);
});

test('queued data that nobody could list is unknown; what is reserved is shared out evenly among the sockets of the host', () => {
  const among = (tcpAlloc: number): unknown[] => {
    const sockstat = { ...after.sockstat!, tcpAlloc, tcpMemBytes: 4096 + 400_000 };
    const { components, client, tcpReserved } = ledgerOf(before, { ...after, established: null, sockstat }, ENDS);
    return [components.socketBuffers, client.components.socketBuffers, tcpReserved];
  };
  assert.deepEqual(among(2000), [null, null, 200_000]);
  assert.deepEqual(among(800_000), [null, null, 500]);
});

test("others' own memory, and places in slabs that had been left unused, are not unexplained", () => {
  const quiet = ledgerOf(before, after, ENDS).unexplained!;
  const host = (one: Readings, anonBytes: number, otherBytes: number) => ({
    ...one.host!,
    anonBytes,
    usedBytes: one.host!.usedBytes + otherBytes,
  });
  const loud = ledgerOf(
    { ...before, host: host(before, 70_000_000, 0) },
    { ...after, host: host(after, 76_000_000 + 50_000_000, 50_000_000) },
    ENDS,
  );
  assert.equal(loud.unexplained, quiet);
  const withPlaces = (one: Readings, unused: number): Readings => {
    const TCP = { ...one.slab!.TCP!, places: one.slab!.TCP!.objects + unused };
    return { ...one, slab: { ...one.slab, TCP } };
  };
  const reused = ledgerOf(withPlaces(before, 1500), withPlaces(after, 500), ENDS);
  assert.equal(reused.unexplained, quiet + 1000 * 2520);
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
    collected: true,
    processes: [one, { ...one, pid: 2 }],
    census: null,
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

test('a remote target has no kernel rows here, and the client keeps its own', () => {
  const ledger = ledgerOf(before, after, { target: null, client: 2000 });
  assert.equal(ledger.kernel, null);
  assert.ok(KERNEL_COMPONENTS.every((name) => ledger.components[name] === null));
  assert.equal(ledger.client.components.socketInode, 2000 * 862);
});

test('without smaps the whole RSS counts, and says so', () => {
  const ledger = ledgerOf(before, { ...after, target: tree(null) }, { target: 1000, client: 1000 });
  assert.deepEqual([ledger.user, ledger.userBasis], [50_000_000, 'rss']);
});

test('an exporter stands in where no process can be read, and only there', () => {
  const exporter = { metric: 'process_resident_memory_bytes', bytes: 33_000_000 };
  const ends = { target: 1000, client: 1000 };
  const alone = ledgerOf(before, { ...after, target: null, exporter }, ends);
  assert.deepEqual([alone.user, alone.userBasis, alone.components.userOther], [33_000_000, 'exporter', 33_000_000]);
  const both = ledgerOf(before, { ...after, exporter }, ends);
  assert.deepEqual([both.user, both.userBasis], [25_000_000, 'anon']);
});

test("a target on another machine pays with that machine's objects, and the client with ours", () => {
  const there = (alloc: number, usedBytes: number, bufferBytes: number): Readings['remote'] => ({
    slab: { TCP: { objects: 1, bytesPerObject: 3000 }, sock_inode_cache: { objects: 1, bytesPerObject: 1000 } },
    sockstat: { tcpInUse: 0, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: alloc, tcpMemBytes: bufferBytes },
    host: host(usedBytes),
    queues: {
      ...NO_QUEUES,
      received: { sockets: bufferBytes > 0 ? 2 : 0, bytes: bufferBytes / 2, truesizeBytes: bufferBytes },
    },
  });
  const baseline = { ...before, remote: there(10, 5e9, 0), target: tree(20_000_000, heldBy(0)) };
  const hold = {
    ...after,
    remote: there(9999, 5e9 + 20_000_000, 8192),
    target: tree(25_000_000, { openFiles: 2020, ...heldBy(2000) }),
  };
  const { components, client, kernel, unexplained } = ledgerOf(baseline, hold, { target: 1000, client: 1000 });
  assert.deepEqual([components.tcpSock, components.socketInode], [2000 * 3000, 2000 * 1000], 'two sockets each');
  assert.equal(components.socketBuffers, 8192, 'off the wire come buffers that are charged as they are');
  assert.equal(client.components.tcpSock, 1000 * 2520);
  assert.equal(
    unexplained,
    20_000_000 - 5_000_000 - (kernel! - 2_000_000),
    'of the host there, without reclaimable slab',
  );
  const blind = ledgerOf(
    baseline,
    { ...hold, remote: { ...hold.remote!, slab: null } },
    { target: 1000, client: 1000 },
  );
  assert.equal(blind.kernel, null, 'our own slab is no stand-in');
});

const cgroup = (currentBytes: number, more: Partial<NonNullable<Readings['cgroup']>> = {}): Readings['cgroup'] => ({
  version: 2,
  path: '/app',
  currentBytes,
  anonBytes: 1,
  fileBytes: 500,
  kernelBytes: 1,
  sockBytes: 0,
  limitBytes: null,
  oomKills: 0,
  exclusive: true,
  ...more,
});
const charges: ReadonlyArray<[string, Readings['cgroup'], Readings['cgroup'], number | null]> = [
  ['grows, page cache aside', cgroup(10_000), cgroup(90_000, { fileBytes: 1500 }), 79_000],
  ['is shared at the hold', cgroup(10_000), cgroup(90_000, { exclusive: false }), null],
  ['was shared at the baseline', cgroup(10_000, { exclusive: false }), cgroup(90_000), null],
  ['is another one by then', cgroup(10_000), cgroup(90_000, { path: '/else' }), null],
  ['has no account of page cache', cgroup(10_000, { fileBytes: null }), cgroup(90_000), null],
  ['could not be read', null, cgroup(90_000), null],
];
for (const [what, first, then, charged] of charges) {
  test(`a cgroup that ${what}: charged ${charged}`, () => {
    const ledger = ledgerOf({ ...before, cgroup: first }, { ...after, cgroup: then }, { target: 1000, client: 1000 });
    assert.equal(ledger.charged, charged);
  });
}

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
    readings({
      target: tree(a.anonBytes, { descriptorSlots: a.slots, openFiles: a.openFiles, hasEpoll: a.hasEpoll }),
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

test('the names of rows are distinct, and readings survive JSON', () => {
  assert.equal(new Set(LEDGER_COMPONENTS).size, LEDGER_COMPONENTS.length);
  assert.deepEqual(Readings.parse(JSON.parse(JSON.stringify(after))), after);
});
