import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseV1, parseV2 } from './cgroup.ts';
import { findPlaces, limitFilesOf } from './cgroup-place.ts';
import { EndCounter } from './end-counter.ts';
import { parseHost } from './host.ts';
import { parseFields } from './meter.ts';
import { parsePageSize } from './page-size.ts';
import { parseProcess, sumTree } from './process-tree.ts';
import { parseSlab } from './slab.ts';
import { parseSockstat } from './sockstat.ts';
import { TcpTableParser } from './tcp-table.ts';

const KIB = 1024;

test('fields of /proc: kB are KiB, bare numbers are counts, text is left out', () => {
  const fields = parseFields('Name:\tnode\nVmRSS:\t   51200 kB\nThreads:\t11\nPss_Anon:  7 kB\nSigQ:\t0/96426\n');
  assert.deepEqual(Object.fromEntries(fields), { VmRSS: 51200 * KIB, Threads: 11, Pss_Anon: 7 * KIB });
});

const STAT =
  '4711 (a) S 1 (x) S 4700 4711 4711 0 -1 4194560 9612 0 3 0 250 50 0 0 20 0 11 0 31337 1088413696 12800 18446744073709551615';
const STATUS = 'Name:\tnode\nVmRSS:\t   51200 kB\nVmPTE:\t     640 kB\nThreads:\t11\nFDSize:\t256\n';
const ROLLUP = [
  '55768cc87000-7ffd04519000 ---p 00000000 00:00 0                          [rollup]',
  'Rss:               51300 kB',
  'Pss:               20000 kB',
  'Pss_Anon:          15000 kB',
  'Pss_File:           4900 kB',
  'Pss_Shmem:           100 kB',
  'Private_Clean:      3000 kB',
  'Private_Dirty:     14000 kB',
  'Swap:                 20 kB',
  'SwapPss:              10 kB',
  '',
].join('\n');

test('a process: anonymous is Pss_Anon + Pss_Shmem, unique is private, a name with parentheses is no trap', () => {
  assert.deepEqual(parseProcess(4711, STAT, STATUS, ROLLUP), {
    pids: [4711],
    rssBytes: 51300 * KIB,
    pssBytes: 20000 * KIB,
    anonBytes: 15100 * KIB,
    ussBytes: 17000 * KIB,
    swapBytes: 10 * KIB,
    pageTablesBytes: 640 * KIB,
    descriptorSlots: 256,
    openFiles: null,
    hasEpoll: null,
    threads: 11,
    cpuSeconds: 3,
  });
});

const cases = [
  { name: 'smaps_rollup not for us', rollup: undefined, anonBytes: null, pssBytes: null },
  {
    name: 'an old kernel without the split',
    rollup: 'Rss: 51300 kB\nPss: 20000 kB\n',
    anonBytes: null,
    pssBytes: 20480000,
  },
];
for (const { name, rollup, anonBytes, pssBytes } of cases) {
  test(`a process with ${name}: unknown stays null`, () => {
    const one = parseProcess(1, STAT, STATUS, rollup);
    assert.deepEqual([one?.anonBytes, one?.pssBytes], [anonBytes, pssBytes]);
    const known = parseProcess(2, STAT, STATUS, ROLLUP);
    const both = sumTree([one!, known!]);
    assert.deepEqual([both.anonBytes, both.pids, both.cpuSeconds, both.threads], [null, [1, 2], 6, 22]);
  });
}

test('a zombie has no memory', () => {
  assert.equal(parseProcess(1, STAT, 'Name:\tnode\nState:\tZ (zombie)\nThreads:\t1\n', undefined), undefined);
});

const SLABINFO = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
TCP                   39     39   2368   13    8 : tunables    0    0    0 : slabdata      3      3      0
dentry             45864  45870    192   21    1 : tunables    0    0    0 : slabdata   2184   2184      0
kmalloc-8k            32     32   8192    4    8 : tunables    0    0    0 : slabdata      8      8      0
`;
test("an object's size is its share of the slab's pages", () => {
  assert.deepEqual(parseSlab(SLABINFO, 4096), {
    TCP: { objects: 39, places: 39, bytesPerObject: (8 * 4096) / 13 },
    dentry: { objects: 45864, places: 45870, bytesPerObject: 4096 / 21 },
  });
  assert.deepEqual(parseSlab('', 4096), {});
});

test('sockstat', () => {
  const text = 'sockets: used 12\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 222\nUDP: inuse 0 mem 0\n';
  assert.deepEqual(parseSockstat(text, 4096), {
    tcpInUse: 1,
    tcpOrphan: 2,
    tcpTimeWait: 3,
    tcpAlloc: 4,
    tcpMemBytes: 222 * 4096,
  });
  assert.equal(parseSockstat('sockets: used 12\n', 4096), undefined);
});

test('page size is found among other entries', () => {
  const auxv = Buffer.alloc(48);
  auxv.writeBigUInt64LE(33n, 0);
  auxv.writeBigUInt64LE(6n, 16);
  auxv.writeBigUInt64LE(65_536n, 24);
  assert.equal(parsePageSize(auxv), 65_536);
  assert.equal(parsePageSize(Buffer.alloc(0)), 4096);
});

const MEMINFO = [
  'MemTotal:  1000 kB',
  'MemFree:    300 kB',
  'MemAvailable: 500 kB',
  'Buffers:     10 kB',
  'Cached:     100 kB',
  'SwapCached:   5 kB',
  'Shmem:       40 kB',
  'SReclaimable: 50 kB',
  'SUnreclaim:   60 kB',
  'AnonPages:   200 kB',
].join('\n');
const ZONEINFO =
  '  pagesets\n    cpu: 0\n              count:    3\n              high:     14\n    cpu: 1\n              count:    2\n';

test('used memory leaves out what can be given back, and pages on the free lists of processors', () => {
  const host = parseHost(MEMINFO, ZONEINFO, Number.POSITIVE_INFINITY, 4096);
  assert.equal(host.usedBytes, (1000 - 300 - 5 * 4 - (10 + 100 + 5 - 40) - 50) * KIB);
  assert.equal(host.anonBytes, (200 + 40) * KIB);
  assert.equal(host.limitBytes, 1000 * KIB);
  assert.equal(parseHost(MEMINFO, '', 5 * KIB, 4096).limitBytes, 5 * KIB);
  assert.equal(parseHost(MEMINFO, '', 5 * KIB, 4096).slabUnreclaimableBytes, 60 * KIB);
});

const limits = [
  {
    name: 'v2, a service',
    cgroup: '0::/system.slice/app.service\n',
    mountinfo: '30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n',
    files: [
      '/sys/fs/cgroup/system.slice/app.service/memory.max',
      '/sys/fs/cgroup/system.slice/memory.max',
      '/sys/fs/cgroup/memory.max',
    ],
  },
  {
    name: 'v1 in a container that sees its own cgroup as the root',
    cgroup: '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n',
    mountinfo: '31 23 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
    files: ['/sys/fs/cgroup/memory/memory.limit_in_bytes'],
  },
  {
    name: 'v1 for memory beside v2 for the rest',
    cgroup: '4:memory:/a\n0::/\n',
    mountinfo:
      '31 23 0:27 / /cg/memory rw - cgroup cgroup rw,memory\n32 23 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu\n33 23 0:29 / /cg/unified rw - cgroup2 cgroup2 rw\n',
    files: ['/cg/memory/a/memory.limit_in_bytes', '/cg/memory/memory.limit_in_bytes', '/cg/unified/memory.max'],
  },
  {
    name: 'v1 in a container beside one whose name begins alike',
    cgroup: '4:memory:/docker/abcd\n',
    mountinfo: '31 23 0:27 /docker/abc /cg/memory ro - cgroup cgroup rw,memory\n',
    files: [],
  },
  {
    name: 'v2, a process outside of our namespace',
    cgroup: '0::/../app\n',
    mountinfo: '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    files: [],
  },
  {
    name: 'v2, a mount that shows more than our namespace, and a process there',
    cgroup: '0::/../app\n',
    mountinfo: '30 23 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    files: ['/sys/fs/cgroup/app/memory.max', '/sys/fs/cgroup/memory.max'],
  },
  {
    name: 'v1, a mount from before our namespace was made: which of its folders is ours it does not say',
    cgroup: '4:memory:/\n0::/\n',
    mountinfo: '35 31 0:32 /../.. /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n',
    files: [],
  },
  {
    name: 'v1 mounted twice, the second time with what is wanted',
    cgroup: '4:memory:/pods/a\n',
    mountinfo:
      '31 23 0:27 /pods/b /b rw - cgroup cgroup rw,memory\n32 23 0:27 /pods/a /cg\\040of\\134a rw - cgroup cgroup rw,memory\n',
    files: ['/cg of\\a/memory.limit_in_bytes'],
  },
  { name: 'no cgroups', cgroup: '', mountinfo: '1 1 0:1 / / rw - ext4 /dev/vda rw\n', files: [] },
];
for (const { name, cgroup, mountinfo, files } of limits) {
  test(`memory limits: ${name}`, () => assert.deepEqual(findPlaces(cgroup, mountinfo).flatMap(limitFilesOf), files));
}

const V1_STAT = 'rss 1\nshmem 1\ntotal_cache 900\ntotal_rss 5000\ntotal_rss_huge 4096\ntotal_shmem 100\n';
const V1_NO_LIMIT = '9223372036854771712\n';
test('a v1 cgroup: totals with what lies below it, shared memory with the anonymous', () => {
  const parts = parseV1(V1_STAT, '700\n', '0\n', V1_NO_LIMIT);
  assert.deepEqual(parts, { anonBytes: 5100, fileBytes: 800, kernelBytes: 700, sockBytes: null });
  assert.equal(parseV1(V1_STAT, '700\n', '0\n', '1048576\n').sockBytes, 0);
  assert.deepEqual(parseV1(undefined, undefined, undefined, undefined), {
    anonBytes: null,
    fileBytes: null,
    kernelBytes: null,
    sockBytes: null,
  });
});

const V2_STAT = 'anon 5000\nfile 900\nkernel 700\nkernel_stack 16\nsock 8192\nshmem 100\nslab 600\n';
test('a v2 cgroup: all from memory.stat; what a kernel has no line for is unknown', () => {
  const parts = { anonBytes: 5100, fileBytes: 800, kernelBytes: 700, sockBytes: 8192 };
  assert.deepEqual(parseV2(V2_STAT), parts);
  const older = V2_STAT.replace('kernel 700\n', '');
  assert.deepEqual(parseV2(older), { ...parts, kernelBytes: 616 });
  assert.deepEqual(parseV2(`${older}percpu 8\npagetables 4096\n`), { ...parts, kernelBytes: 616 + 4104 });
  assert.deepEqual(parseV2(V2_STAT.replace('sock 8192\n', '')), { ...parts, sockBytes: null });
  assert.equal(parseV2(undefined).anonBytes, null);
});

/** 127.0.0.1:8080 listening, its accepted end, the connecting end, an old one, and somebody else's. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:8001 01 00000010:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
12345: 0100007F:8001 0100007F:1F90 01 00000000:0000002A 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   3: 0200007F:8001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
   4: 0100007F:8002 0100007F:1F90 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   5: 0100007F:0016 0100007F:8003 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000200007F:8001 01 00000001:00000000 00:00000000 00000000     0        0 0 1
   1: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:8009 03 00000000:00000000 01:00000064 00000000     0        0 0 0
`;
/** As text has them: how much, and not what it takes. */
const lengths = (sockets: number, bytes: number) => ({ sockets, bytes, truesizeBytes: null });
const EXPECTED = {
  targetEnds: 2,
  clientEnds: 2,
  targetTimeWait: 0,
  timeWait: 1,
  clientPorts: 1,
  clientAddresses: 2,
  // One that a process has; the other one, of a listener for IPv6, waits to be accepted.
  acceptedEnds: 1,
  queuedEnds: 1,
  requests: 1,
  targetQueuedBytes: 17,
  clientQueuedBytes: 42,
  targetQueues: { received: lengths(0, 0), written: lengths(2, 17), reservedBytes: null },
  clientQueues: { received: lengths(1, 42), written: lengths(0, 0), reservedBytes: null },
  leftPorts: 1,
  leftAddresses: 1,
};
for (const size of [1, 7, 150, 1e6]) {
  test(`ends are counted however the text is cut (pieces of ${size} bytes)`, () => {
    const counter = new EndCounter([8080]);
    const feed = (text: string, digits: number): void => {
      const parser = new TcpTableParser(digits, (socket) => counter.add(socket));
      for (let at = 0; at < text.length; at += size) parser.feed(Buffer.from(text.slice(at, at + size)));
    };
    feed(TCP, 8);
    feed(TCP6, 32);
    assert.deepEqual(counter.result(true), EXPECTED);
  });
}
