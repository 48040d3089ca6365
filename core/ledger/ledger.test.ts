import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beforeThousand, makeHost, makeReadings, makeTree, withThousand } from '../../test/support/ledger-readings.ts';
import { type ProcessTree, Readings } from '../schemas/readings.ts';
import { KERNEL_COMPONENTS } from './kernel-rows.ts';
import { LEDGER_COMPONENTS, ledgerOf } from './ledger.ts';

test('a thousand connections on one host come apart into two ends', () => {
  const ledger = ledgerOf(beforeThousand, withThousand, { target: 1000, client: 1000 });
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
  const baseline = {
    ...beforeThousand,
    target: makeTree(20_000_000, heldBy(2, { connecting: 1, ports: 1, addresses: 1 })),
  };
  const target = makeTree(25_000_000, {
    openFiles: 20 + 3000,
    ...heldBy(3002, { connecting: 2001, ports: 1501, addresses: 2001 }),
  });
  const { components, client } = ledgerOf(baseline, { ...withThousand, target }, ends);
  assert.equal(client.components.socketInode, 862_000);
  assert.deepEqual([components.socketInode, components.file], [3 * 862_000, 3 * 195_000]);
  assert.equal(components.localPorts, (1500 + 2000) * 128);
});

test('its other sockets have no state of TCP, and other files are only files', () => {
  const ends = { target: 1000, client: 1000 };
  const baseline = { ...beforeThousand, target: makeTree(20_000_000, heldBy(2)) };
  const target = makeTree(25_000_000, { openFiles: 20 + 3500, ...heldBy(1002, { others: 2000 }) });
  const { components } = ledgerOf(baseline, { ...withThousand, target }, ends);
  assert.equal(components.tcpSock, 1000 * 2520);
  assert.deepEqual([components.socketInode, components.file], [3 * 862_000, 3500 * 195]);
  // Where nobody looked, it has files of whatever kind.
  const unseen = ledgerOf(
    beforeThousand,
    { ...withThousand, target: makeTree(25_000_000, { openFiles: 20 + 3500 }) },
    ends,
  ).components;
  assert.deepEqual([unseen.socketInode, unseen.file], [862_000, 3500 * 195]);
});

for (const [neighbour, tcpAlloc] of [
  ['opens', 22_002],
  ['closes', 0],
] as const) {
  test(`a neighbour that ${neighbour} thousands of sockets doesn't move the target's kernel memory`, () => {
    const quiet = ledgerOf(beforeThousand, withThousand, { target: 1000, client: 1000 });
    const sockstat = { ...withThousand.sockstat!, tcpAlloc };
    const loud = ledgerOf(beforeThousand, { ...withThousand, sockstat }, { target: 1000, client: 1000 });
    assert.deepEqual(loud, quiet);
  });
}

test('a target that does not use epoll has no epoll row; one that nobody may look into has an unknown one', () => {
  const ends = { target: 1000, client: 1000 };
  const without = (hasEpoll: boolean | null) => ({ ...withThousand, target: makeTree(25_000_000, { hasEpoll }) });
  assert.equal(ledgerOf(beforeThousand, without(false), ends).components.epoll, 0);
  assert.equal(ledgerOf(beforeThousand, without(null), ends).components.epoll, null);
  assert.equal(ledgerOf(beforeThousand, without(false), ends).client.components.epoll, 208_000);
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
  const sockstat = { ...withThousand.sockstat!, tcpMemBytes: 900_000_000 };
  const established = listed({ targetQueues, clientQueues });
  const { components, client, tcpReserved } = ledgerOf(
    beforeThousand,
    { ...withThousand, established, sockstat },
    ENDS,
  );
  assert.equal(client.components.localPorts, 1100 * 128);
  assert.equal(components.localPorts, 0);
  // One head of a pair is charged, and both are there.
  assert.equal(components.socketBuffers, 1000 * (1 + 512 + 576));
  assert.equal(client.components.socketBuffers, 1000 * (1 + 512 + 576));
  assert.equal(tcpReserved, 4_096_000);
  const idle = ledgerOf(beforeThousand, { ...withThousand, established: listed({}), sockstat }, ENDS);
  assert.deepEqual([idle.components.socketBuffers, idle.tcpReserved], [0, 0]);
});

test('what a proxy has queued on its way onwards is its own', () => {
  const queues = { ...NO_QUEUES, written: byteEach, reservedBytes: 4_096_000 };
  const target = makeTree(25_000_000, { openFiles: 2020, ...heldBy(2002, { connecting: 1000, queues }) });
  const { components, client, tcpReserved } = ledgerOf(
    beforeThousand,
    { ...withThousand, target, established: listed({}) },
    ENDS,
  );
  assert.equal(components.socketBuffers, 1000 * (1 + 512 + 576));
  assert.deepEqual([client.components.socketBuffers, tcpReserved], [0, 4_096_000]);
});

test('where only lengths are listed, each socket with anything queued has one buffer for each 32 KiB', () => {
  const lengths = { sockets: 1000, bytes: 65_536_000, truesizeBytes: null };
  const targetQueues = { received: lengths, written: NO_QUEUE, reservedBytes: null };
  const of = (established: Readings['established']) => ledgerOf(beforeThousand, { ...withThousand, established }, ENDS);
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
  const plain = ledgerOf(withLeft(beforeThousand, 0, 0, 0), withLeft(withThousand, 0, 0, 0), ends);
  const fading = ledgerOf(withLeft(beforeThousand, 5000, 3000, 4000), withLeft(withThousand, 2000, 1000, 1500), ends);
  const lessBytes = 3000 * 256 + (2000 + 2500) * 128;
  assert.deepEqual([plain.timeWait, fading.timeWait], [0, -lessBytes]);
  assert.equal(fading.unexplained! - plain.unexplained!, lessBytes);
  assert.deepEqual(fading.components, plain.components);
  assert.equal(ledgerOf(beforeThousand, { ...withThousand, slab: null }, ends).timeWait, null);
});

test('queued data that nobody could list is unknown; what is reserved is shared out evenly among the sockets of the host', () => {
  const among = (tcpAlloc: number): unknown[] => {
    const sockstat = { ...withThousand.sockstat!, tcpAlloc, tcpMemBytes: 4096 + 400_000 };
    const { components, client, tcpReserved } = ledgerOf(
      beforeThousand,
      { ...withThousand, established: null, sockstat },
      ENDS,
    );
    return [components.socketBuffers, client.components.socketBuffers, tcpReserved];
  };
  assert.deepEqual(among(2000), [null, null, 200_000]);
  assert.deepEqual(among(800_000), [null, null, 500]);
});

test("others' own memory, and places in slabs that had been left unused, are not unexplained", () => {
  const quiet = ledgerOf(beforeThousand, withThousand, ENDS).unexplained!;
  const host = (one: Readings, anonBytes: number, otherBytes: number) => ({
    ...one.host!,
    anonBytes,
    usedBytes: one.host!.usedBytes + otherBytes,
  });
  const loud = ledgerOf(
    { ...beforeThousand, host: host(beforeThousand, 70_000_000, 0) },
    { ...withThousand, host: host(withThousand, 76_000_000 + 50_000_000, 50_000_000) },
    ENDS,
  );
  assert.equal(loud.unexplained, quiet);
  const withPlaces = (one: Readings, unused: number): Readings => {
    const TCP = { ...one.slab!.TCP!, places: one.slab!.TCP!.objects + unused };
    return { ...one, slab: { ...one.slab, TCP } };
  };
  const reused = ledgerOf(withPlaces(beforeThousand, 1500), withPlaces(withThousand, 500), ENDS);
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
  const { components } = ledgerOf(beforeThousand, { ...withThousand, runtime }, { target: 1000, client: 1000 });
  assert.deepEqual([components.heapUsed, components.external, components.userOther], [12e6, 2e6, 11e6]);
});

test('what malloc had free and connections have taken up is their cost, and what ebbs and flows there is not', () => {
  const userWith = (anonBytes: number, free: number | null, freeBefore: number | null = 700_000): number | null =>
    ledgerOf(
      makeReadings({ target: makeTree(20_000_000, { mallocFreeBytes: freeBefore }) }),
      makeReadings({ target: makeTree(anonBytes, { mallocFreeBytes: free }) }),
      { target: 1000, client: 1000 },
    ).user;
  assert.equal(userWith(20_000_000, 100_000), 20_600_000);
  assert.equal(userWith(20_500_000, 1_200_000), 20_000_000);
  // Between connections, no doubt.
  assert.equal(userWith(30_000_000, 700_000 + 2 ** 20 + 5_000_000), 30_000_000 - 2 ** 20);
  // More than anybody looks into: nothing is left of the little that was free.
  assert.equal(userWith(900_000_000, null), 900_700_000);
  assert.equal(userWith(20_000_000, 100_000, null), 20_000_000);
});

test('what could not be read is null, never 0', () => {
  const blind = makeReadings({ target: null, slab: null, host: null });
  const ledger = ledgerOf(blind, blind, { target: 1000, client: 1000 });
  assert.deepEqual(
    [ledger.total, ledger.user, ledger.kernel, ledger.userBasis, ledger.unexplained],
    [null, null, null, null, null],
  );
  assert.deepEqual([ledger.components.tcpSock, ledger.components.userOther], [null, null]);
});

test('a remote target has no kernel rows here, and the client keeps its own', () => {
  const ledger = ledgerOf(beforeThousand, withThousand, { target: null, client: 2000 });
  assert.equal(ledger.kernel, null);
  assert.ok(KERNEL_COMPONENTS.every((name) => ledger.components[name] === null));
  assert.equal(ledger.client.components.socketInode, 2000 * 862);
});

test('without smaps the whole RSS counts, and says so', () => {
  const ledger = ledgerOf(beforeThousand, { ...withThousand, target: makeTree(null) }, { target: 1000, client: 1000 });
  assert.deepEqual([ledger.user, ledger.userBasis], [50_000_000, 'rss']);
});

test('an exporter stands in where no process can be read, and only there', () => {
  const exporter = { metric: 'process_resident_memory_bytes', bytes: 33_000_000 };
  const ends = { target: 1000, client: 1000 };
  const alone = ledgerOf(beforeThousand, { ...withThousand, target: null, exporter }, ends);
  assert.deepEqual([alone.user, alone.userBasis, alone.components.userOther], [33_000_000, 'exporter', 33_000_000]);
  const both = ledgerOf(beforeThousand, { ...withThousand, exporter }, ends);
  assert.deepEqual([both.user, both.userBasis], [25_000_000, 'anon']);
});

test("a target on another machine pays with that machine's objects, and the client with ours", () => {
  const there = (alloc: number, usedBytes: number, bufferBytes: number): Readings['remote'] => ({
    slab: { TCP: { objects: 1, bytesPerObject: 3000 }, sock_inode_cache: { objects: 1, bytesPerObject: 1000 } },
    sockstat: { tcpInUse: 0, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: alloc, tcpMemBytes: bufferBytes },
    host: makeHost(usedBytes),
    queues: {
      ...NO_QUEUES,
      received: { sockets: bufferBytes > 0 ? 2 : 0, bytes: bufferBytes / 2, truesizeBytes: bufferBytes },
    },
  });
  const baseline = { ...beforeThousand, remote: there(10, 5e9, 0), target: makeTree(20_000_000, heldBy(0)) };
  const hold = {
    ...withThousand,
    remote: there(9999, 5e9 + 20_000_000, 8192),
    target: makeTree(25_000_000, { openFiles: 2020, ...heldBy(2000) }),
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

test('the names of rows are distinct, and readings survive JSON', () => {
  assert.equal(new Set(LEDGER_COMPONENTS).size, LEDGER_COMPONENTS.length);
  assert.deepEqual(Readings.parse(JSON.parse(JSON.stringify(withThousand))), withThousand);
});
