import type { ProcessTree, Readings, Slab, SlabCache } from './readings.ts';

/** Parts of the kernel's memory at one end of the connections; they sum to `kernel`. */
export const KERNEL_COMPONENTS = [
  /** The protocol's own state: the TCP and TCPv6 caches. */
  'tcpSock',
  /** What makes it a file: inode, directory entry, open file, and the security module's notes on them. */
  'socketInode',
  'dentry',
  'file',
  'security',
  /** Registration with epoll: item, wait-queue entry, list head. */
  'epoll',
  /** Local ports bound by connecting ends; an accepting end has none of its own. */
  'localPorts',
  /** Data queued in sockets. */
  'socketBuffers',
  /** Slots and bitmaps of the processes' descriptor tables. */
  'descriptorTable',
  'pageTables',
] as const;
export type KernelComponent = (typeof KERNEL_COMPONENTS)[number];

/** Connections that are open and end on this host; null: that end is on another host. */
export interface Ends {
  readonly target: number | null;
  readonly client: number | null;
}

/** One end's kernel memory: growth since the baseline, in bytes. Null where it couldn't be read. */
export type KernelRows = Readonly<Record<KernelComponent, number | null>>;

/** A row of both ends together, and how many objects it has for each socket. */
interface SharedRow {
  readonly component: KernelComponent;
  /** Growth over both ends; null where it couldn't be read. */
  readonly bytes: number | null;
  /** The client's share of it, 0 to 1. */
  readonly clientShare: number;
}

/**
 * Tells the two ends apart. What the kernel keeps for each process is read for each; what it keeps for each socket is
 * counted over both ends and split. The client is ours and has one socket a connection, registered once, so its share
 * is known; the rest is the target's, however many sockets a connection costs it.
 */
export function splitKernel(
  baseline: Readings,
  hold: Readings,
  ends: Ends,
): { target: KernelRows; client: KernelRows } {
  const target = noRows(ends.target);
  const client = noRows(ends.client);
  for (const { component, bytes, clientShare } of sharedRows(baseline, hold, ends)) {
    // With no connection at either end whatever moved isn't theirs.
    const grown = bytes !== null && (ends.target ?? 0) + (ends.client ?? 0) === 0 ? 0 : bytes;
    const ofClient = grown === null ? null : Math.round(grown * clientShare);
    if (ends.client !== null) client[component] = ofClient;
    if (ends.target !== null) target[component] = grown === null || ofClient === null ? null : grown - ofClient;
  }
  if (ends.target !== null) Object.assign(target, processRows(baseline.target, hold.target, ends.target));
  if (ends.client !== null) Object.assign(client, processRows(baseline.client, hold.client, ends.client));
  return { target, client };
}

function noRows(count: number | null): Record<KernelComponent, number | null> {
  const nothing = count === null ? null : 0;
  return Object.fromEntries(KERNEL_COMPONENTS.map((name) => [name, nothing])) as Record<KernelComponent, number | null>;
}

function sharedRows(baseline: Readings, hold: Readings, ends: Ends): SharedRow[] {
  const { slab: before } = baseline;
  const slab = before && hold.slab;
  const ofClient = ends.client ?? 0;
  const ofTarget = ends.target ?? 0;
  const sockets = grownSockets(baseline, hold);
  /** The client's part of `objects` when each of its connections has one of them. */
  const share = (objects: number): number => {
    const all = Math.max(objects, ofClient + ofTarget);
    return all === 0 ? 0 : ofTarget === 0 ? 1 : ofClient / all;
  };
  const perSocket = (component: KernelComponent, caches: readonly SlabCache[], objects: number | null): SharedRow => ({
    component,
    bytes: slab === null || objects === null ? null : Math.round(objects * sizeOf(slab, caches)),
    clientShare: share(objects ?? 0),
  });
  const epoll = splitEpoll(baseline, hold, ends);
  return [
    {
      component: 'tcpSock',
      bytes: sockets === null || !before || !slab ? null : tcpBytes(before, slab, sockets.tcp),
      clientShare: share(sockets?.tcp ?? 0),
    },
    perSocket('socketInode', ['sock_inode_cache'], sockets?.files ?? null),
    // Files of all kinds have these; only sockets' are counted, since anybody's file access moves the whole cache.
    perSocket('dentry', ['dentry'], sockets?.files ?? null),
    perSocket('file', ['filp'], sockets?.files ?? null),
    perSocket('security', ['lsm_inode_cache', 'lsm_file_cache'], sockets?.files ?? null),
    { component: 'epoll', bytes: epoll?.epollBytes ?? null, clientShare: epoll?.clientShare ?? 0 },
    { component: 'localPorts', bytes: epoll?.portBytes ?? null, clientShare: 1 },
    bufferRow(baseline, hold, share(0)),
  ];
}

/** Sockets since the baseline: exact from sockstat, else from the caches, which are some dozens off. */
function grownSockets(baseline: Readings, hold: Readings): { tcp: number; files: number } | null {
  if (baseline.sockstat && hold.sockstat) {
    const tcp = Math.max(0, hold.sockstat.tcpAlloc - baseline.sockstat.tcpAlloc);
    // An orphan has lost its file.
    return { tcp, files: Math.max(0, tcp - Math.max(0, hold.sockstat.tcpOrphan - baseline.sockstat.tcpOrphan)) };
  }
  if (!baseline.slab || !hold.slab) return null;
  const tcp = grown(baseline.slab, hold.slab, 'TCP') + grown(baseline.slab, hold.slab, 'TCPv6');
  return { tcp, files: tcp };
}

/** Sockets of the two families differ in size: as many count as IPv6 as their cache grew by. */
function tcpBytes(baseline: Slab, hold: Slab, sockets: number): number {
  const v6 = Math.min(sockets, grown(baseline, hold, 'TCPv6'));
  return Math.round((sockets - v6) * sizeOf(hold, ['TCP']) + v6 * sizeOf(hold, ['TCPv6']));
}

/** `struct eppoll_entry` and `struct epitems_head` on 64-bit Linux, where their caches are merged into others. */
const EPOLL_ENTRY_BYTES = 64;
const EPOLL_HEAD_BYTES = 16;

/**
 * epoll items, and the port buckets of connecting ends: objects of the same size, which the kernel merges into one
 * cache unless told not to. Buckets are then counted by the local ports in use, and items are what remains.
 */
function splitEpoll(
  { slab: before }: Readings,
  { slab, established }: Readings,
  ends: Ends,
): { epollBytes: number; clientShare: number; portBytes: number } | null {
  const item = slab?.eventpoll_epi;
  if (!before || !slab || !item) return null;
  const ofClient = ends.client ?? 0;
  const ownCaches = ['tcp_bind_bucket', 'tcp_bind2_bucket'] as const;
  const merged = ownCaches.filter((name) => slab[name] === undefined);
  const inUse = {
    tcp_bind_bucket: Math.min(ofClient, established?.clientPorts ?? ofClient),
    tcp_bind2_bucket: Math.min(ofClient, established?.clientAddresses ?? ofClient),
  };
  const growth = grown(before, slab, 'eventpoll_epi');
  const mergedBuckets = Math.min(
    growth,
    merged.reduce((sum, name) => sum + inUse[name], 0),
  );
  const items = growth - mergedBuckets;
  const entrySize = slab.eventpoll_pwq?.bytesPerObject ?? EPOLL_ENTRY_BYTES;
  const headSize = slab.ep_head?.bytesPerObject ?? EPOLL_HEAD_BYTES;
  const ownBytes = ownCaches.reduce((sum, name) => sum + grown(before, slab, name) * sizeOf(slab, [name]), 0);
  return {
    epollBytes: Math.round(items * (item.bytesPerObject + entrySize + headSize)),
    // Each of the client's connections is registered once; whether the target's are at all, only the count tells.
    clientShare: ends.target === null || ends.target === 0 ? 1 : Math.min(1, ofClient / Math.max(1, items)),
    portBytes: Math.round(mergedBuckets * item.bytesPerObject + ownBytes),
  };
}

/** Queued data: split by the queues' lengths where they are known, else like the sockets. */
function bufferRow(baseline: Readings, hold: Readings, clientShare: number): SharedRow {
  const bytes =
    baseline.sockstat && hold.sockstat ? Math.max(0, hold.sockstat.tcpMemBytes - baseline.sockstat.tcpMemBytes) : null;
  const { targetQueuedBytes = 0, clientQueuedBytes = 0 } = hold.established ?? {};
  const queuedBytes = targetQueuedBytes + clientQueuedBytes;
  return {
    component: 'socketBuffers',
    bytes,
    clientShare: queuedBytes > 0 ? clientQueuedBytes / queuedBytes : clientShare,
  };
}

/** A pointer for each slot, and two bits in the bitmaps of open and close-on-exec descriptors. */
const BYTES_PER_DESCRIPTOR_SLOT = 8.25;

function processRows(
  before: ProcessTree | null,
  now: ProcessTree | null,
  connections: number,
): Pick<Record<KernelComponent, number | null>, 'descriptorTable' | 'pageTables'> {
  if (connections === 0) return { descriptorTable: 0, pageTables: 0 };
  const growth = (key: 'descriptorSlots' | 'pageTablesBytes'): number | null =>
    typeof before?.[key] === 'number' && typeof now?.[key] === 'number' ? now[key] - before[key] : null;
  const slots = growth('descriptorSlots');
  return {
    descriptorTable: slots === null ? null : Math.round(slots * BYTES_PER_DESCRIPTOR_SLOT),
    pageTables: growth('pageTablesBytes'),
  };
}

const grown = (before: Slab, now: Slab, cache: SlabCache): number =>
  Math.max(0, (now[cache]?.objects ?? 0) - (before[cache]?.objects ?? 0));

/** Bytes of one object of each of these caches; a cache this kernel doesn't have costs nothing. */
const sizeOf = (slab: Slab, caches: readonly SlabCache[]): number =>
  caches.reduce((sum, name) => sum + (slab[name]?.bytesPerObject ?? 0), 0);
