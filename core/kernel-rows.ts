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

/** Connections that are open and end where we can look; null: that end is on another host, and nobody reads it there. */
export interface Ends {
  readonly target: number | null;
  readonly client: number | null;
  /** After a drain: descriptors that the target has more than at the baseline, sockets included. Absent while connections are open. */
  readonly keptFiles?: number;
}

/** One end's kernel memory: growth since the baseline, in bytes. Null where it couldn't be read. */
export type KernelRows = Readonly<Record<KernelComponent, number | null>>;

/** What one end has more of than at the baseline. */
interface Grown {
  readonly sockets: number;
  /** Open files: its sockets, and after a drain whatever else it kept open. */
  readonly files: number;
  /** Registered with epoll; null when nobody could look whether this end uses it. */
  readonly epollItems: number | null;
  /** Distinct local ports, and distinct pairs of address and port, bound by connecting. */
  readonly ports: number;
  readonly addresses: number;
  readonly bufferBytes: number | null;
}

/**
 * The kernel's memory at each end. Sockets are counted at each end and taken at the size their objects have on this
 * host; how the whole host's caches moved would also be anybody else's doing (seen: a neighbour that closed 5,000
 * sockets cut the result by half). What the kernel keeps for a process is read for that process.
 */
export function kernelOf(baseline: Readings, hold: Readings, ends: Ends): { target: KernelRows; client: KernelRows } {
  const buffers = splitBuffers(baseline, hold, ends);
  const ofClient = ends.client ?? 0;
  const targetSockets = socketsOfTarget(baseline, hold, ends);
  const { clientPorts = ofClient, clientAddresses = ofClient } = hold.established ?? {};
  const target: Grown = {
    sockets: targetSockets,
    files: Math.max(targetSockets, ends.keptFiles ?? 0),
    epollItems: hold.target?.hasEpoll == null ? null : hold.target.hasEpoll ? targetSockets : 0,
    ports: 0,
    addresses: 0,
    bufferBytes: buffers.target,
  };
  const client: Grown = {
    sockets: ofClient,
    files: ofClient,
    epollItems: hold.client?.hasEpoll == null ? null : hold.client.hasEpoll ? ofClient : 0,
    ports: Math.min(ofClient, clientPorts),
    addresses: Math.min(ofClient, clientAddresses),
    bufferBytes: buffers.client,
  };
  return {
    target: rowsOf(
      ends.target,
      target,
      (hold.remote ?? hold).slab,
      baseline.target,
      hold.target,
      ends.keptFiles !== undefined,
    ),
    client: rowsOf(ends.client, client, hold.slab, baseline.client, hold.client),
  };
}

/** What the target still holds after a drain. */
interface KeptFiles {
  /** Descriptors that it has more than at the baseline. */
  readonly files: number;
  /** Sockets among them. */
  readonly sockets: number;
}

/**
 * What the target has not closed of what its clients closed: an end in CLOSE_WAIT is a socket like another. Where its
 * sockets were not told apart, it has no more of them than the host has more.
 *
 * @param drained nothing is open any more
 * @returns null where nobody counts its descriptors
 */
export function keptFilesOf(baseline: Readings, drained: Readings): KeptFiles | null {
  const [before, now] = [baseline.target?.openFiles ?? null, drained.target?.openFiles ?? null];
  if (before === null || now === null) return null;
  const files = Math.max(0, now - before);
  const [socketsBefore, socketsNow] = [baseline.target?.openSockets, drained.target?.openSockets];
  if (socketsBefore !== undefined && socketsNow !== undefined) {
    return { files, sockets: Math.min(files, Math.max(0, socketsNow - socketsBefore)) };
  }
  const isElsewhere = drained.remote !== null;
  const sockstats = [baseline, drained].map((at) => (isElsewhere ? at.remote : at)?.sockstat?.tcpAlloc ?? null);
  const [hostBefore = null, hostNow = null] = sockstats;
  const onHost = hostBefore === null || hostNow === null ? files : Math.max(0, hostNow - hostBefore);
  return { files, sockets: Math.min(files, onHost) };
}

/**
 * One for each connection, or more where the target's connections cost it more (a proxy's way onwards): as many as it
 * has more descriptors, if the host has that many more TCP sockets.
 */
function socketsOfTarget(baseline: Readings, hold: Readings, ends: Ends): number {
  const connections = ends.target ?? 0;
  const isElsewhere = hold.remote !== null;
  const before = isElsewhere ? baseline.remote?.sockstat : baseline.sockstat;
  const now = isElsewhere ? hold.remote?.sockstat : hold.sockstat;
  if (connections === 0 || !before || !now) return connections;
  const files = (hold.target?.openFiles ?? 0) - (baseline.target?.openFiles ?? 0);
  const onHost = now.tcpAlloc - before.tcpAlloc - (isElsewhere ? 0 : (ends.client ?? 0));
  return Math.max(connections, Math.min(files, onHost));
}

/** `struct eppoll_entry` and `struct epitems_head` on 64-bit Linux, for kernels that merge their caches into others. */
const EPOLL_ENTRY_BYTES = 64;
const EPOLL_HEAD_BYTES = 16;

function rowsOf(
  connections: number | null,
  { sockets, files, epollItems, ports, addresses, bufferBytes }: Grown,
  slab: Slab | null,
  before: ProcessTree | null,
  now: ProcessTree | null,
  isDrained = false,
): KernelRows {
  if (connections === null || (connections === 0 && !isDrained)) return everyRow(connections);
  /** Null when none of the caches is shown: there is no telling what such an object takes. */
  const sized = (count: number | null, ...caches: SlabCache[]): number | null => {
    if (slab === null || count === null || caches.every((name) => slab[name] === undefined)) return null;
    return Math.round(count * sizeOf(slab, caches));
  };
  const entryBytes =
    (slab?.eventpoll_pwq?.bytesPerObject ?? EPOLL_ENTRY_BYTES) + (slab?.ep_head?.bytesPerObject ?? EPOLL_HEAD_BYTES);
  const epollBytes = sized(epollItems, 'eventpoll_epi');
  const bucket = (own: 'tcp_bind_bucket' | 'tcp_bind2_bucket', count: number): number | null =>
    sized(count, slab?.[own] ? own : 'eventpoll_epi');
  const [portBytes, addressBytes] = [bucket('tcp_bind_bucket', ports), bucket('tcp_bind2_bucket', addresses)];
  return {
    tcpSock: sized(sockets, 'TCP') ?? sized(sockets, 'TCPv6'),
    socketInode: sized(sockets, 'sock_inode_cache'),
    dentry: sized(sockets, 'dentry'),
    file: sized(files, 'filp'),
    security: slab === null ? null : (sized(sockets, 'lsm_inode_cache', 'lsm_file_cache') ?? 0),
    epoll: epollBytes === null ? null : epollBytes + Math.round((epollItems ?? 0) * entryBytes),
    localPorts: portBytes === null || addressBytes === null ? null : portBytes + addressBytes,
    socketBuffers: bufferBytes,
    ...processRows(before, now),
  };
}

const everyRow = (connections: 0 | null): KernelRows =>
  Object.fromEntries(KERNEL_COMPONENTS.map((name) => [name, connections])) as Record<KernelComponent, 0 | null>;

/**
 * Growth of what closed connections leave for a minute, on the host whose readings these are: their TIME_WAIT sockets,
 * and ports that nobody else holds. It falls as earlier ones expire, or as new connections take their ports over
 * (seen: 100,000 left by the run before hid a sixth of what the next one cost).
 *
 * @returns bytes; null where sizes or numbers are unknown
 */
export function timeWaitOf(
  before: Pick<Readings, 'slab' | 'sockstat'> & Partial<Pick<Readings, 'established'>>,
  now: Pick<Readings, 'slab' | 'sockstat'> & Partial<Pick<Readings, 'established'>>,
): number | null {
  const { slab } = now;
  if (!before.sockstat || !now.sockstat || !slab) return null;
  const socketBytes = (slab.tw_sock_TCP ?? slab.tw_sock_TCPv6)?.bytesPerObject;
  if (socketBytes === undefined) return null;
  const more = (key: 'leftPorts' | 'leftAddresses'): number => {
    const [then, current] = [before.established?.[key], now.established?.[key]];
    return then === undefined || current === undefined ? 0 : current - then;
  };
  return Math.round(
    (now.sockstat.tcpTimeWait - before.sockstat.tcpTimeWait) * socketBytes +
      more('leftPorts') * bucketBytes(slab, 'tcp_bind_bucket') +
      more('leftAddresses') * bucketBytes(slab, 'tcp_bind2_bucket'),
  );
}

/** Port buckets and epoll items have the same size on kernels that merge them, which is why they do. */
const bucketBytes = (slab: Slab, own: 'tcp_bind_bucket' | 'tcp_bind2_bucket'): number =>
  (slab[own] ?? slab.eventpoll_epi)?.bytesPerObject ?? 0;

/** What queued data takes, at each end in proportion to its queues. Nothing queued takes nothing. */
function splitBuffers(
  baseline: Readings,
  hold: Readings,
  ends: Ends,
): { target: number | null; client: number | null } {
  const { established } = hold;
  if (hold.remote) {
    // Each end has a kernel of its own.
    const target = chargedBetween(baseline.remote?.sockstat, hold.remote.sockstat);
    return { target, client: chargedBetween(baseline.sockstat, hold.sockstat) };
  }
  if (!baseline.sockstat || !hold.sockstat) return { target: null, client: null };
  const chargedBytes = chargedBetween(baseline.sockstat, hold.sockstat) ?? 0;
  const ofTarget = established?.targetQueuedBytes ?? ends.target ?? 0;
  const both = ofTarget + (established?.clientQueuedBytes ?? ends.client ?? 0);
  if (both === 0) return { target: 0, client: 0 };
  // Charges are counted in steps of up to 1 MiB a processor, and for the whole host: never less than what is queued.
  // Unlisted, each socket of the host has a like share: with a neighbour's 800,000 there (seen) most of it is theirs.
  const bytes = established
    ? Math.max(chargedBytes, both)
    : Math.round(chargedBytes * Math.min(1, both / hold.sockstat.tcpAlloc));
  const target = Math.round((bytes * ofTarget) / both);
  return { target, client: bytes - target };
}

const chargedBetween = (before: Readings['sockstat'] | undefined, now: Readings['sockstat']): number | null =>
  before && now ? Math.max(0, now.tcpMemBytes - before.tcpMemBytes) : null;

/** A pointer for each slot, and two bits in the bitmaps of open and close-on-exec descriptors. */
const BYTES_PER_DESCRIPTOR_SLOT = 8.25;

function processRows(
  before: ProcessTree | null,
  now: ProcessTree | null,
): Pick<Record<KernelComponent, number | null>, 'descriptorTable' | 'pageTables'> {
  const growth = (key: 'descriptorSlots' | 'pageTablesBytes'): number | null =>
    typeof before?.[key] === 'number' && typeof now?.[key] === 'number' ? now[key] - before[key] : null;
  const slots = growth('descriptorSlots');
  return {
    descriptorTable: slots === null ? null : Math.round(slots * BYTES_PER_DESCRIPTOR_SLOT),
    pageTables: growth('pageTablesBytes'),
  };
}

/** Bytes of one object of each of these caches; a cache this kernel doesn't have costs nothing. */
const sizeOf = (slab: Slab, caches: readonly SlabCache[]): number =>
  caches.reduce((sum, name) => sum + (slab[name]?.bytesPerObject ?? 0), 0);
