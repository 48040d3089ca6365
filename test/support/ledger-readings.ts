import { type ProcessTree, type Readings, SLAB_CACHES, type Slab } from '../../core/schemas/readings.ts';

const SIZES = [2520, 2688, 862, 195, 195, 128, 64, 16, 32, 24, 128, 128, 256, 256, 256, 512, 576, 1170, 256];
export const makeSlab = (objects: (cache: string) => number, without: readonly string[] = []): Slab =>
  Object.fromEntries(
    SLAB_CACHES.map((name, i) => [name, { objects: objects(name), bytesPerObject: SIZES[i]! }] as const).filter(
      ([name]) => !without.includes(name),
    ),
  );
export const makeTree = (anonBytes: number | null, more: Partial<ProcessTree> = {}): ProcessTree => ({
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
export const makeHost = (usedBytes: number): NonNullable<Readings['host']> => ({
  totalBytes: 8e9,
  availableBytes: 4e9,
  usedBytes,
  slabUnreclaimableBytes: 1e8,
  slabReclaimableBytes: 1e8,
  pageTablesBytes: 1e6,
  kernelStackBytes: 1e6,
  limitBytes: 8e9,
});
export const makeReadings = (parts: Partial<Readings> = {}): Readings => ({
  target: makeTree(20_000_000),
  client: makeTree(30_000_000),
  runtime: null,
  slab: makeSlab(() => 100),
  sockstat: { tcpInUse: 2, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 2, tcpMemBytes: 4096 },
  host: makeHost(1e9),
  established: null,
  cgroup: null,
  exporter: null,
  remote: null,
  missing: [],
  tookMs: 1,
  meterMs: {},
  ...parts,
});
export const sumRows = (rows: Record<string, number | null>, names: readonly string[]): number =>
  names.reduce((total, name) => total + (rows[name] ?? 0), 0);

/** Before and with 1,000 connections, both ends here, on a kernel that merges port buckets with epoll items. */
const merged = ['tcp_bind_bucket', 'tcp_bind2_bucket', 'eventpoll_pwq'];
export const beforeThousand = makeReadings({ slab: makeSlab(() => 100, merged) });
export const withThousand = makeReadings({
  target: makeTree(25_000_000, { descriptorSlots: 1024, openFiles: 1020 }),
  client: makeTree(31_000_000, { descriptorSlots: 2048, openFiles: 1020 }),
  slab: makeSlab((name) => (name === 'eventpoll_epi' ? 4100 : 2100), merged),
  sockstat: { tcpInUse: 2002, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 2002, tcpMemBytes: 4096 },
  host: makeHost(1e9 + 14_000_000),
});
