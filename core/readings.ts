/**
 * What the meters answered at one moment, as plain JSON. Meters write it, the recorder keeps it, the ledger reads it;
 * `null` means that the meter had no answer, and `missing` says why. All sizes in bytes.
 */
import { z } from 'zod';
import { Census, ServerMemory } from './admin.ts';

const count = z.number().int().nonnegative();
const bytes = z.number().nonnegative();
const ms = z.number().nonnegative();

/** Sums over a process and all its descendants. Null where this system doesn't tell, or not us. */
export const ProcessTree = z.object({
  pids: z.array(count).min(1),
  rssBytes: bytes,
  pssBytes: bytes.nullable(),
  /** Pss_Anon + Pss_Shmem: memory that is the processes' own doing, shared pages divided among those who share them. */
  anonBytes: bytes.nullable(),
  /** Private_Clean + Private_Dirty: what would be free if they ended. */
  ussBytes: bytes.nullable(),
  swapBytes: bytes.nullable(),
  pageTablesBytes: bytes.nullable(),
  /** Slots in the descriptor tables (a power of two above the most ever open), not open descriptors. */
  descriptorSlots: count.nullable(),
  /** Open descriptors now; null before Linux 6.2, where only counting them one by one would tell. */
  openFiles: count.nullable(),
  /** Sockets among them; absent while connections are open, and where they may not be looked at. */
  openSockets: count.optional(),
  /** Whether any of the processes has an epoll descriptor among its lowest ones. */
  hasEpoll: z.boolean().nullable(),
  threads: count.nullable(),
  /** Processor time used so far, user and system. */
  cpuSeconds: z.number().nonnegative(),
});
export type ProcessTree = z.infer<typeof ProcessTree>;

/**
 * Kernel object caches that grow with TCP connections (found by experiment, docs/measuring.md). A kernel that merges
 * caches of like size shows only one of their names; the others are absent then.
 */
export const SLAB_CACHES = [
  'TCP',
  'TCPv6',
  'sock_inode_cache',
  'dentry',
  'filp',
  'eventpoll_epi',
  'eventpoll_pwq',
  'ep_head',
  'lsm_inode_cache',
  'lsm_file_cache',
  'tcp_bind_bucket',
  'tcp_bind2_bucket',
  'tw_sock_TCP',
  'tw_sock_TCPv6',
] as const;
export type SlabCache = (typeof SLAB_CACHES)[number];

export const Slab = z.partialRecord(
  z.enum(SLAB_CACHES),
  z.object({
    /** In use, counting all of what lies on a processor's own slabs: up to some dozens too many. */
    objects: count,
    /** An object's share of the pages it lies on: pages per slab × page size ÷ objects per slab. */
    bytesPerObject: z.number().positive(),
  }),
);
export type Slab = z.infer<typeof Slab>;

/** /proc/net/sockstat: exact counts of sockets on this host. */
export const Sockstat = z.object({
  /** TCP (IPv4) sockets bound or connected, in this network namespace. */
  tcpInUse: count,
  /** TCP sockets no process holds any more, not yet dead. */
  tcpOrphan: count,
  tcpTimeWait: count,
  /** All TCP sockets allocated, IPv6 and other network namespaces included. */
  tcpAlloc: count,
  /** Charged to TCP buffers. Each processor keeps up to 1 MiB aside, so it moves in such steps. */
  tcpMemBytes: bytes,
});
export type Sockstat = z.infer<typeof Sockstat>;

export const Host = z.object({
  totalBytes: bytes,
  availableBytes: bytes,
  /** What can't be given back without ending something: see memory/host.ts. */
  usedBytes: z.number(),
  slabUnreclaimableBytes: bytes,
  slabReclaimableBytes: bytes,
  pageTablesBytes: bytes,
  kernelStackBytes: bytes,
  /** The least of physical memory and the cgroup limits this process lives under. */
  limitBytes: bytes,
});
export type Host = z.infer<typeof Host>;

/** What the target's memory cgroup is charged for, cgroups below it included. Null where there is no such file or line. */
export const Cgroup = z.object({
  version: z.union([z.literal(1), z.literal(2)]),
  /** As /proc/PID/cgroup has it. */
  path: z.string(),
  currentBytes: bytes,
  /** Anonymous and shared memory, as in a process tree's `anonBytes`. */
  anonBytes: bytes.nullable(),
  /** Page cache: given back when memory gets short. */
  fileBytes: z.number().nullable(),
  kernelBytes: bytes.nullable(),
  /** Buffers of sockets. */
  sockBytes: bytes.nullable(),
  /** The least limit of it and all above it; null when there is none. */
  limitBytes: bytes.nullable(),
  /** Processes of it that the kernel has killed for want of memory, ever; null where it doesn't count them. */
  oomKills: count.nullable().default(null),
  /** Nobody but the target lives in it. When somebody does, what it is charged for tells nothing about the target. */
  exclusive: z.boolean(),
});
export type Cgroup = z.infer<typeof Cgroup>;

/** Connections on the target's ports as the kernel lists them (/proc/net/tcp and tcp6): a count from outside. */
export const Established = z.object({
  /** ESTABLISHED with the target's port as the local one. */
  targetEnds: count,
  /** ESTABLISHED with the target's port as the remote one. */
  clientEnds: count,
  /** TIME_WAIT, at either end. */
  timeWait: count,
  /** Distinct local ports, and distinct pairs of local address and port, of the client ends. */
  clientPorts: count,
  clientAddresses: count,
  /**
   * Distinct local ports, and distinct pairs of local address and port, of the whole host that nothing holds any more but
   * connections in TIME_WAIT. Absent in records from before they were counted.
   */
  leftPorts: count.optional(),
  leftAddresses: count.optional(),
  /** Bytes in the send and receive queues of each end. */
  targetQueuedBytes: bytes,
  clientQueuedBytes: bytes,
});
export type Established = z.infer<typeof Established>;

/** What the target's JavaScript engines say of themselves: told by a reference server, or asked of `node --inspect`. */
export const Runtime = ServerMemory.pick({ collected: true, processes: true }).extend({
  /** Only a reference server counts its connections. */
  census: Census.nullable(),
});
export type Runtime = z.infer<typeof Runtime>;

/** What a Prometheus endpoint said of the target's memory. */
const ExporterMemory = z.object({
  /** Name, and labels where some were asked for. */
  metric: z.string(),
  bytes,
});

/** The kernel of the target's machine, when that is another one: read there by `connrig meter`. */
const Remote = z.object({ slab: Slab.nullable(), sockstat: Sockstat.nullable(), host: Host.nullable() });

export const METERS = [
  'target',
  'client',
  'runtime',
  'slab',
  'sockstat',
  'host',
  'established',
  'cgroup',
  'exporter',
] as const;
export type MeterName = (typeof METERS)[number];

/** What a run lacks where a meter has no answer. */
export const LACKING: Readonly<Record<MeterName, string>> = {
  target: "the target's own memory is unknown",
  client: 'what a connection costs the client is unknown',
  runtime: 'its heap is unknown, and no collection is forced',
  slab: "the kernel's part is unknown",
  sockstat: 'data queued in sockets is unknown',
  host: "the host's growth is unknown",
  established: 'nobody else counts the connections',
  cgroup: "what the target's cgroup is charged is unknown",
  exporter: 'what the exporter would tell is unknown',
};

export const Readings = z.object({
  target: ProcessTree.nullable(),
  client: ProcessTree.nullable(),
  runtime: Runtime.nullable(),
  slab: Slab.nullable(),
  sockstat: Sockstat.nullable(),
  host: Host.nullable(),
  established: Established.nullable(),
  // Readings of earlier versions lack what follows.
  cgroup: Cgroup.nullable().default(null),
  exporter: ExporterMemory.nullable().default(null),
  /** null: the target's end lies in this machine's kernel, or nobody tells about its own. */
  remote: Remote.nullable().default(null),
  /** Why a meter that was asked has no answer. A meter that wasn't asked (no admin port, say) is null without a reason. */
  missing: z.array(z.object({ meter: z.enum(METERS), why: z.string() })),
  /** Of all meters together, without what may come before (a collection) and after (the list of connections). */
  tookMs: ms,
  /** Of each meter that was asked, also in vain; `runtime` with the collection, when one was forced. */
  meterMs: z.partialRecord(z.enum(METERS), ms).default({}),
});
export type Readings = z.infer<typeof Readings>;
