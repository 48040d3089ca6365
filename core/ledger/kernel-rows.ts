import type { FamilyName } from '../protocols/schemes.ts';
import type { HeldSockets, ProcessTree, Readings, Slab, SlabCache } from '../schemas/readings.ts';
import { bytesOfQueues, queuesAt, reservedBytesOf } from './queues.ts';
import { epollEntryBytes, ringItemBytes } from './registered.ts';

/** Parts of the kernel's memory at one end of the connections; they sum to `kernel`. */
export const KERNEL_COMPONENTS = [
  /** The protocol's own state: the TCP and TCPv6 caches. */
  'tcpSock',
  /** The same of connections at a Unix socket. */
  'unixSock',
  /** What makes it a file: inode, directory entry, open file, and the security module's notes on them. */
  'socketInode',
  'dentry',
  'file',
  'security',
  /** Registration with epoll: item, wait-queue entry, list head. */
  'epoll',
  /** Registration with io_uring: the parked request, and its place in the table of direct descriptors. */
  'ioUring',
  /** Local ports bound by connecting ends; an accepting end has none of its own. */
  'localPorts',
  /** Data queued in sockets, with the buffers it lies in: what it takes, not what is reserved for it. */
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
  /** How the target is addressed: TCP, unless said. */
  readonly family?: FamilyName;
  /** All were closed: `target` is what it kept of them, and other files that it kept count as well. */
  readonly isDrained?: boolean;
}

/** One end's kernel memory: growth since the baseline, in bytes. Null where it couldn't be read. */
export type KernelRows = Readonly<Record<KernelComponent, number | null>>;

/** What one end has more of than at the baseline. */
interface Grown {
  /** Sockets of TCP, connections at a Unix socket, and sockets of other kinds. */
  readonly sockets: number;
  readonly unixSockets: number;
  readonly otherSockets: number;
  /** Open files that are no sockets. */
  readonly otherFiles: number;
  /** Registered with epoll; null when nobody could look whether this end uses it. */
  readonly epollItems: number | null;
  /** Sockets in the tables of rings. */
  readonly ringItems: number;
  /** Distinct local ports, and distinct pairs of address and port, bound by connecting. */
  readonly ports: number;
  readonly addresses: number;
  readonly bufferBytes: number | null;
}

/**
 * The kernel's memory at each end. Sockets are counted at each end and taken at the size their objects have on this host.
 * How the whole host's caches moved would also be anybody else's doing (seen: a neighbour that closed 5,000 sockets cut the
 * result by half). What the kernel keeps for a process is read for that process.
 */
export function kernelOf(baseline: Readings, hold: Readings, ends: Ends): { target: KernelRows; client: KernelRows } {
  const buffers = splitBuffers(hold, ends);
  const ofClient = ends.client ?? 0;
  const held = heldByTarget(baseline, hold, ends);
  const registered = held.sockets + held.unixSockets + held.otherSockets;
  const isAtSocket = ends.family === 'unix';
  const { clientPorts = ofClient, clientAddresses = ofClient } = hold.established ?? {};
  const target: Grown = {
    ...held,
    epollItems: hold.target?.hasEpoll == null ? null : hold.target.hasEpoll ? registered : 0,
    // One that has both may have its sockets in either; epoll is the more usual.
    ringItems: hold.target?.hasUring && !hold.target.hasEpoll ? registered : 0,
    bufferBytes: buffers.target,
  };
  const client: Grown = {
    sockets: isAtSocket ? 0 : ofClient,
    unixSockets: isAtSocket ? ofClient : 0,
    otherSockets: 0,
    otherFiles: 0,
    // Ours has an event loop beside its rings, and no connection in that.
    epollItems: hold.client?.hasEpoll == null ? null : hold.client.hasEpoll && !hold.client.hasUring ? ofClient : 0,
    ringItems: hold.client?.hasUring ? ofClient : 0,
    ports: isAtSocket ? 0 : Math.min(ofClient, clientPorts),
    addresses: isAtSocket ? 0 : Math.min(ofClient, clientAddresses),
    bufferBytes: buffers.client,
  };
  return {
    target: rowsOf(ends.target, target, (hold.remote ?? hold).slab, baseline.target, hold.target, ends.isDrained),
    client: rowsOf(ends.client, client, hold.slab, baseline.client, hold.client),
  };
}

/**
 * Sockets that the target has not closed though its clients have: an end in CLOSE_WAIT is a socket like another. Where its
 * sockets were not told apart, it has no more of them than the host has more.
 *
 * @param drained nothing is open any more
 * @param family of what its clients connected to
 * @returns null where nobody counts its descriptors
 */
export function keptSocketsOf(baseline: Readings, drained: Readings, family: FamilyName = 'inet'): number | null {
  const [before, now] = [baseline.target, drained.target];
  if (before?.openFiles == null || now?.openFiles == null) return null;
  const files = Math.max(0, now.openFiles - before.openFiles);
  const key = family === 'unix' ? 'others' : 'tcp';
  if (before.sockets && now.sockets) return Math.min(files, Math.max(0, now.sockets[key] - before.sockets[key]));
  if (family === 'unix') return files;
  const isElsewhere = drained.remote !== null;
  const [hostBefore, hostNow] = [baseline, drained].map((at) => (isElsewhere ? at.remote : at)?.sockstat?.tcpAlloc);
  return hostBefore === undefined || hostNow === undefined ? files : Math.min(files, Math.max(0, hostNow - hostBefore));
}

/**
 * One socket for each connection, or as many more as the target's own processes hold: a proxy pays for its way onwards,
 * and for the ports of that. What it has open beyond them (timers, pipes, logs) costs it a file each. What the whole host
 * has more of is no measure: it may be a neighbour's.
 */
function heldByTarget(
  { target: before }: Readings,
  { target: now }: Readings,
  ends: Ends,
): Pick<Grown, 'sockets' | 'unixSockets' | 'otherSockets' | 'otherFiles' | 'ports' | 'addresses'> {
  const connections = ends.target ?? 0;
  const more = (key: Exclude<keyof HeldSockets, 'queues'>): number =>
    before?.sockets && now?.sockets ? Math.max(0, now.sockets[key] - before.sockets[key]) : 0;
  const [own, others] = ends.family === 'unix' ? (['others', 'tcp'] as const) : (['tcp', 'others'] as const);
  const ofOwn = connections === 0 ? 0 : Math.max(connections, more(own));
  const ofOthers = more(others);
  const files = (now?.openFiles ?? 0) - (before?.openFiles ?? 0);
  const otherFiles = Math.max(0, files - ofOwn - ofOthers);
  const kinds =
    ends.family === 'unix'
      ? { sockets: ofOthers, unixSockets: ofOwn, otherSockets: 0 }
      : { sockets: ofOwn, unixSockets: 0, otherSockets: ofOthers };
  return { ...kinds, otherFiles, ports: more('ports'), addresses: more('addresses') };
}

function rowsOf(
  connections: number | null,
  { sockets, unixSockets, otherSockets, otherFiles, epollItems, ringItems, ports, addresses, bufferBytes }: Grown,
  slab: Slab | null,
  before: ProcessTree | null,
  now: ProcessTree | null,
  isDrained = false,
): KernelRows {
  if (connections === null || (connections === 0 && !isDrained)) return everyRow(connections);
  /** Null when none of the caches is shown: there is no telling what such an object takes. */
  const sized = (count: number | null, ...caches: SlabCache[]): number | null => {
    if (slab === null || count === null || caches.every((name) => slab[name] === undefined)) return null;
    return Math.round(count * cachesBytes(slab, caches));
  };
  const inodes = sockets + unixSockets + otherSockets;
  const entryBytes = epollEntryBytes(slab);
  const epollBytes = sized(epollItems, 'eventpoll_epi');
  const bucket = (own: 'tcp_bind_bucket' | 'tcp_bind2_bucket', count: number): number | null =>
    sized(count, slab?.[own] ? own : 'eventpoll_epi');
  const [portBytes, addressBytes] = [bucket('tcp_bind_bucket', ports), bucket('tcp_bind2_bucket', addresses)];
  return {
    tcpSock: sized(sockets, 'TCP') ?? sized(sockets, 'TCPv6'),
    unixSock: unixSockets === 0 ? 0 : sized(unixSockets, 'UNIX-STREAM'),
    socketInode: sized(inodes, 'sock_inode_cache'),
    dentry: sized(inodes, 'dentry'),
    file: sized(inodes + otherFiles, 'filp'),
    security:
      slab === null
        ? null
        : (sized(inodes, 'lsm_inode_cache') ?? 0) + (sized(inodes + otherFiles, 'lsm_file_cache') ?? 0),
    epoll: epollBytes === null ? null : epollBytes + Math.round((epollItems ?? 0) * entryBytes),
    ioUring: slab === null ? null : Math.round(ringItems * ringItemBytes(slab)),
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

/**
 * Growth of what the kernel has set aside for objects that nobody uses yet, in bytes. When others' connections have gone,
 * places are left on pages that are not given back, and the next ones take up these.
 */
export function unusedPlacesOf(before: Slab | null, now: Slab | null, caches: readonly SlabCache[]): number {
  return caches.reduce((sum, name) => {
    const [then, current] = [before?.[name], now?.[name]];
    if (then?.places === undefined || current?.places === undefined) return sum;
    return sum + (current.places - current.objects - (then.places - then.objects)) * current.bytesPerObject;
  }, 0);
}

/** Port buckets and epoll items have the same size on kernels that merge them, which is why they do. */
const bucketBytes = (slab: Slab, own: 'tcp_bind_bucket' | 'tcp_bind2_bucket'): number =>
  (slab[own] ?? slab.eventpoll_epi)?.bytesPerObject ?? 0;

/**
 * What is queued at each end takes, by the list of its sockets: a neighbour's are in none. What a proxy has on its way
 * onwards is the target's. Null where nobody lists them; what is reserved is no stand-in (seen: 4 KiB for a byte).
 */
function splitBuffers(hold: Readings, { target, client, family }: Ends): Record<'target' | 'client', number | null> {
  const here = queuesAt(hold, Math.max(target ?? 0, client ?? 0));
  const isElsewhere = hold.remote !== null;
  // A Unix socket's buffers are made once, and charged as they are.
  const isPaired = !isElsewhere && family !== 'unix';
  const there = isElsewhere ? hold.remote?.queues : here?.target;
  const { slab } = hold.remote ?? hold;
  const onward = hold.target?.sockets?.queues;
  const onwardBytes = onward ? bytesOfQueues(onward, slab, !isElsewhere) : 0;
  return {
    target: there ? bytesOfQueues(there, slab, isPaired) + onwardBytes : null,
    client: here ? bytesOfQueues(here.client, hold.slab, isPaired && target !== null) : null,
  };
}

/**
 * What the target's end has of tcp_mem: a reservation in whole pages, which may be used up long before memory is. By the
 * list of its sockets; where there is none, an even share of what the host's sockets have reserved since the baseline.
 */
export function tcpReservedOf(baseline: Readings, hold: Readings, { target, family }: Ends): number | null {
  if (target === null) return null;
  const onward = hold.target?.sockets?.queues;
  const onwardBytes = onward ? reservedBytesOf(onward) : 0;
  if (family === 'unix') return onwardBytes;
  if (hold.remote !== null) {
    const { queues, sockstat } = hold.remote;
    return queues
      ? reservedBytesOf(queues) + onwardBytes
      : grownReservation(baseline.remote?.sockstat ?? null, sockstat);
  }
  const here = queuesAt(hold, target);
  if (here) return Math.round(reservedBytesOf(here.target) + onwardBytes);
  const grownBytes = grownReservation(baseline.sockstat, hold.sockstat);
  if (grownBytes === null || !hold.sockstat) return null;
  // With a neighbour's 800,000 sockets there (seen) most of it is theirs.
  return Math.round(grownBytes * Math.min(1, target / Math.max(1, hold.sockstat.tcpAlloc)));
}

const grownReservation = (before: Readings['sockstat'], now: Readings['sockstat']): number | null =>
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
export const cachesBytes = (slab: Slab, caches: readonly SlabCache[]): number =>
  caches.reduce((sum, name) => sum + (slab[name]?.bytesPerObject ?? 0), 0);
