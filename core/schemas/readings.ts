/**
 * What the meters answered at one moment, as plain JSON. Meters write it, the recorder keeps it, the ledger reads it;
 * `null` means that the meter had no answer, and `missing` says why. All sizes in bytes.
 */
import { z } from 'zod';
import { COLLECTORS } from '../values/runtimes.ts';
import { Census, ServerMemory } from './admin.ts';

const count = z.number().int().nonnegative();
const bytes = z.number().nonnegative();
const ms = z.number().nonnegative();

/** One kind of queue, over all sockets of an end. */
const Queue = z.object({
  /** Sockets with anything in it. */
  sockets: count,
  /** What programs wrote. */
  bytes,
  /** The same with the buffers it lies in, as the kernel charges them; null where only lengths are listed. */
  truesizeBytes: bytes.nullable(),
});

/** What waits in the sockets of one end of the connections. */
export const EndQueues = z.object({
  /** Arrived, and not read yet. */
  received: Queue,
  /** Written, and not acknowledged yet. */
  written: Queue,
  /** Taken from tcp_mem: whole pages of each socket; null where it isn't listed. */
  reservedBytes: bytes.nullable(),
});
export type EndQueues = z.infer<typeof EndQueues>;

/** Sockets that processes hold, looked at one by one. */
export const HeldSockets = z.object({
  /** TCP: accepted, connecting and listening ones. */
  tcp: count,
  /** Those of them that were opened by connecting, and have a local port of their own. */
  connecting: count,
  /** Distinct local ports, and distinct pairs of local address and port, of the connecting ones. */
  ports: count,
  addresses: count,
  /** What waits in the connecting ones. Absent where they aren't listed with it. */
  queues: EndQueues.optional(),
  /** Sockets of another kind: unix, UDP. */
  others: count,
});
export type HeldSockets = z.infer<typeof HeldSockets>;

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
  /** What malloc holds of `anonBytes` and nobody uses; null where it couldn't be told, absent where nobody looked. */
  mallocFreeBytes: bytes.nullable().optional(),
  pageTablesBytes: bytes.nullable(),
  /** Slots in the descriptor tables (a power of two above the most ever open), not open descriptors. */
  descriptorSlots: count.nullable(),
  /** Open descriptors now; null before Linux 6.2, where only counting them one by one would tell. */
  openFiles: count.nullable(),
  /** Whether any of the processes has an epoll descriptor among its lowest ones; below, whether it has a ring of io_uring there. */
  hasEpoll: z.boolean().nullable(),
  hasUring: z.literal(true).optional(),
  /** Absent where nobody looked: with no more descriptors than connections, each of them is one. */
  sockets: HeldSockets.optional(),
  threads: count.nullable(),
  /** Processor time used so far, user and system. */
  cpuSeconds: z.number().nonnegative(),
});
export type ProcessTree = z.infer<typeof ProcessTree>;

/** Kernel object caches that grow with connections (docs/how-memory-is-read.md). A kernel that merges some shows one name of theirs. */
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
  'skbuff_head_cache',
  'skbuff_fclone_cache',
  'skbuff_small_head',
  'UNIX-STREAM',
  'io_kiocb',
] as const;
export type SlabCache = (typeof SLAB_CACHES)[number];

export const Slab = z.partialRecord(
  z.enum(SLAB_CACHES),
  z.object({
    /** In use, counting all of what lies on a processor's own slabs: up to some dozens too many. */
    objects: count,
    /** Places for objects in all slabs there are, those in use among them. Absent in earlier records. */
    places: count.optional(),
    /** An object's share of the pages it lies on: pages per slab × page size ÷ objects per slab. */
    bytesPerObject: z.number().positive(),
  }),
);
export type Slab = z.infer<typeof Slab>;

/**
 * Where sizes of kernel objects come from: the kernel's own list of its caches, for root alone, or the types it was compiled from,
 * laid out as its allocator does. Then security modules' notes on files are guessed.
 */
const SlabBasis = z.enum(['slabinfo', 'types']);

/** /proc/net/sockstat: exact counts of sockets on this host. */
export const Sockstat = z.object({
  /** TCP (IPv4) sockets bound or connected, in this network namespace. */
  tcpInUse: count,
  /** TCP sockets no process holds any more, not yet dead. */
  tcpOrphan: count,
  tcpTimeWait: count,
  /** All TCP sockets allocated, IPv6 and other network namespaces included. */
  tcpAlloc: count,
  /**
   * Reserved for TCP buffers, which is what counts against tcp_mem: whole pages for each socket with anything queued, not
   * memory in use. Each processor keeps up to 1 MiB aside, so it moves in such steps.
   */
  tcpMemBytes: bytes,
});
export type Sockstat = z.infer<typeof Sockstat>;

export const Host = z.object({
  totalBytes: bytes,
  availableBytes: bytes,
  /** What can't be given back without ending something: see memory/host.ts. */
  usedBytes: z.number(),
  /** In it, anonymous and shared memory of all processes. Absent in earlier records. */
  anonBytes: bytes.optional(),
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

/**
 * Connections on the target's ports, or at its Unix socket, as the kernel lists them: a count from outside. A Unix socket has no
 * TIME_WAIT, ports and requests.
 */
export const Established = z.object({
  /** ESTABLISHED with the target's port as the local one. */
  targetEnds: count,
  /** ESTABLISHED with the target's port as the remote one. */
  clientEnds: count,
  /** TIME_WAIT, at either end. */
  timeWait: count,
  /** Those of them at the target's end, which closed first there. Absent in records from before they were told apart. */
  targetTimeWait: count.optional(),
  /** Distinct local ports, and distinct pairs of local address and port, of the client ends. */
  clientPorts: count,
  clientAddresses: count,
  /**
   * Distinct local ports, and distinct pairs of local address and port, of the whole host that nothing holds any more but
   * connections in TIME_WAIT. Absent in records from before they were counted.
   */
  leftPorts: count.optional(),
  leftAddresses: count.optional(),
  /**
   * Client ends whose other end a process has taken: connections that the target has. What follows is absent in records from
   * before it was counted.
   */
  acceptedEnds: count.optional(),
  /** Those of `targetEnds` that wait to be accepted. */
  queuedEnds: count.optional(),
  /** Connections that the target's kernel has been asked for, and has not completed (SYN_RECV). */
  requests: count.optional(),
  /** Bytes in the send and receive queues of each end. */
  targetQueuedBytes: bytes,
  clientQueuedBytes: bytes,
  /** The same by kind, of every state that has queues. Absent in records from before they were told apart. */
  targetQueues: EndQueues.optional(),
  clientQueues: EndQueues.optional(),
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
const Remote = z.object({
  slab: Slab.nullable(),
  slabBasis: SlabBasis.optional(),
  sockstat: Sockstat.nullable(),
  host: Host.nullable(),
  /** Queues of the target's end; absent where they can't be listed there. */
  queues: EndQueues.optional(),
  /** Connections to the target's ports that a process has taken, that wait for that, and that its kernel is still asked for; absent as before. */
  ends: z.object({ accepted: count, queued: count, requests: count }).optional(),
});

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
  sockstat: 'what is reserved for TCP buffers is unknown',
  host: "the host's growth is unknown",
  established: 'nobody else counts the connections, and data queued in them is unknown',
  cgroup: "what the target's cgroup is charged is unknown",
  exporter: 'what the exporter would tell is unknown',
};

export const Readings = z.object({
  target: ProcessTree.nullable(),
  client: ProcessTree.nullable(),
  runtime: Runtime.nullable(),
  /** By what the target's garbage was collected just before, where that tells nothing of its heap; absent: see `runtime`. */
  collectedBy: z.enum(COLLECTORS).optional(),
  slab: Slab.nullable(),
  /** Absent without `slab`, and in earlier records, which had `slabinfo` alone. */
  slabBasis: SlabBasis.optional(),
  sockstat: Sockstat.nullable(),
  host: Host.nullable(),
  established: Established.nullable(),
  // Readings of earlier versions lack what follows.
  cgroup: Cgroup.nullable().default(null),
  exporter: ExporterMemory.nullable().default(null),
  /** null: the target's end lies in this machine's kernel, or nobody tells about its own. */
  remote: Remote.nullable().default(null),
  /** From an earlier list, brought up to now: see core/ledger/live-readings.ts. None of the record's readings has it. */
  earlierQueues: z.object({ target: EndQueues, client: EndQueues }).optional(),
  /** Why a meter that was asked has no answer. A meter that wasn't asked (no admin port, say) is null without a reason. */
  missing: z.array(z.object({ meter: z.enum(METERS), why: z.string() })),
  /** All meters together, without what may come before (a collection) and after (the list of connections). */
  tookMs: ms,
  /** The time of each meter that was asked, also in vain; `runtime` with the collection, when one was forced. */
  meterMs: z.partialRecord(z.enum(METERS), ms).default({}),
});
export type Readings = z.infer<typeof Readings>;

/** Whether the target's garbage was collected just before. */
export const isCollected = ({ runtime, collectedBy }: Pick<Readings, 'runtime' | 'collectedBy'>): boolean =>
  collectedBy !== undefined || runtime?.collected === true;
