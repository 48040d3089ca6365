import { mapSchemes } from '../../core/protocols/schemes.ts';
import type { CensusOfScheme, ServerMemory } from '../../core/schemas/admin.ts';
import { type Cgroup, type ProcessTree, type Readings, Runtime } from '../../core/schemas/readings.ts';
import { SERVER_CLOSE_REASONS } from '../../core/values/outcomes.ts';

/** One process with this much anonymous memory, and nothing else remarkable. */
export const processTree = (anonBytes: number | null, more: Partial<ProcessTree> = {}): ProcessTree => ({
  pids: [4711],
  rssBytes: 90_000_000,
  pssBytes: 80_000_000,
  anonBytes,
  ussBytes: 70_000_000,
  swapBytes: 0,
  pageTablesBytes: 100_000,
  descriptorSlots: 16_384,
  openFiles: 25,
  hasEpoll: true,
  threads: 11,
  cpuSeconds: 1.5,
  ...more,
});

/** A cgroup of the target's own, charged for 50 MB. */
export const cgroupOf = (more: Partial<Cgroup> = {}): Cgroup => ({
  version: 2,
  path: '/app',
  currentBytes: 5e7,
  anonBytes: 4e7,
  fileBytes: 1000,
  kernelBytes: 1e6,
  sockBytes: 0,
  limitBytes: null,
  oomKills: 0,
  exclusive: true,
  ...more,
});

const census = (open: number): CensusOfScheme => ({
  accepted: open,
  handshaking: 0,
  open,
  closed: Object.fromEntries(SERVER_CLOSE_REASONS.map((name) => [name, 0])) as CensusOfScheme['closed'],
  bytesIn: 0,
  bytesOut: 0,
});

/** What a reference server with this many connections says of itself. */
export const serverMemory = (open: number, heapUsedBytes: number): ServerMemory => ({
  schema: 1,
  collected: true,
  processes: [
    {
      pid: 4711,
      rssBytes: 90_000_000,
      heapUsedBytes,
      heapTotalBytes: heapUsedBytes + 1_000_000,
      externalBytes: 2_000_000,
      arrayBuffersBytes: 0,
    },
  ],
  census: mapSchemes(() => census(open)),
  live: { bytesPerConnection: null, idleRssBytes: null },
  certificate: null,
});

const SLAB_BYTES = { TCP: 2500, sock_inode_cache: 850, dentry: 200, filp: 200, eventpoll_epi: 128 };

/** For each end; the connecting one has a local port, and its address, besides. */
const UNRECLAIMABLE_BYTES_EACH = 2500 + 200 + 128 + 64 + 16;

/** All meters answered: `open` connections on this host, the target's memory as given, kernel objects of even sizes. */
export const readingsAt = (open: number, anonBytes: number, more: Partial<Readings> = {}): Readings => ({
  target: processTree(anonBytes),
  client: processTree(30_000_000 + 1000 * open),
  runtime: Runtime.parse(serverMemory(open, 5_000_000 + 1000 * open)),
  slab: Object.fromEntries(
    Object.entries(SLAB_BYTES).map(([name, bytesPerObject]) => [name, { objects: 100 + 2 * open, bytesPerObject }]),
  ),
  sockstat: { tcpInUse: 2 * open, tcpOrphan: 0, tcpTimeWait: 0, tcpAlloc: 2 * open, tcpMemBytes: 4096 },
  host: {
    totalBytes: 8e9,
    availableBytes: 4e9,
    // No more and no less than what the rows of both ends come to.
    usedBytes: 1e9 + anonBytes + (1000 + 2 * UNRECLAIMABLE_BYTES_EACH + 2 * SLAB_BYTES.eventpoll_epi) * open,
    slabUnreclaimableBytes: 1e8,
    slabReclaimableBytes: 1e8,
    pageTablesBytes: 1e6,
    kernelStackBytes: 1e6,
    limitBytes: 8e9,
  },
  established: {
    targetEnds: open,
    clientEnds: open,
    timeWait: 0,
    clientPorts: open,
    clientAddresses: open,
    targetQueuedBytes: 0,
    clientQueuedBytes: 0,
  },
  cgroup: null,
  exporter: null,
  remote: null,
  missing: [],
  tookMs: 5,
  meterMs: { target: 4 },
  ...more,
});

/** What one more connection costs the target in kernel memory by {@link readingsAt}; see core/ledger/kernel-rows.ts for 64 + 16. */
export const KERNEL_BYTES_EACH = 2500 + 850 + 200 + 200 + 128 + 64 + 16;
