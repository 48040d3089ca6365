import type { RuntimeMemory } from '../schemas/admin.ts';
import { type ProcessTree, type Readings, SLAB_CACHES } from '../schemas/readings.ts';
import {
  type Ends,
  KERNEL_COMPONENTS,
  type KernelComponent,
  type KernelRows,
  kernelOf,
  tcpReservedOf,
  timeWaitOf,
  unusedPlacesOf,
} from './kernel-rows.ts';

/** Parts of the target's own memory; they sum to `user`. `userOther` is what the other two don't explain. */
export const USER_COMPONENTS = ['heapUsed', 'external', 'userOther'] as const;
/** Names of every row, `unexplained` included: closed, for schemas and column heads. */
export const LEDGER_COMPONENTS = [...USER_COMPONENTS, ...KERNEL_COMPONENTS, 'unexplained'] as const;
export type UserComponent = (typeof USER_COMPONENTS)[number];

/**
 * Readings arranged so that the parts sum to the whole. All in bytes; null where not measured. `user` is absolute
 * (what the target takes now); kernel rows are growth since the baseline, since the kernel's memory is everybody's.
 */
export interface Ledger {
  /** user + kernel of the target's end; null unless both are known. */
  readonly total: number | null;
  readonly user: number | null;
  readonly kernel: number | null;
  /** What `user` is: anonymous memory of the process tree, its RSS where only that can be read, or an exporter's metric. */
  readonly userBasis: 'anon' | 'rss' | 'exporter' | null;
  readonly components: Readonly<Record<UserComponent, number | null>> & KernelRows;
  /** The client's end on this host: its memory (absolute) and its kernel rows (growth). */
  readonly client: { readonly user: number | null; readonly kernel: number | null; readonly components: KernelRows };
  /** Growth of what closed connections leave behind for a minute, our own and others': nobody's cost. */
  readonly timeWait: number | null;
  /**
   * Growth of the host's used memory that no row explains, ours or the client's, nor `timeWait`. Beside the rows, never
   * inside one.
   */
  readonly unexplained: number | null;
  /**
   * Growth of what the target's memory cgroup is charged for, without page cache: to be held against the growth of
   * `user` and `kernel`. The kernel doesn't charge all it spends. Null when others live in the cgroup too.
   */
  readonly charged: number | null;
  /** What the target's end has reserved of tcp_mem. It isn't memory: what of it is in use is in `socketBuffers`. */
  readonly tcpReserved: number | null;
}

/** Rows that lie in reclaimable slab, which the host's used memory leaves out. */
const RECLAIMABLE: ReadonlySet<KernelComponent> = new Set(['socketInode', 'dentry']);
const UNRECLAIMABLE_CACHES = SLAB_CACHES.filter((name) => name !== 'sock_inode_cache' && name !== 'dentry');

/**
 * Arranges what was read at a hold against what was read at the baseline.
 *
 * @param ends connections open at the hold; at the baseline there were none
 */
export function ledgerOf(baseline: Readings, hold: Readings, ends: Ends): Ledger {
  const { target, client } = kernelOf(baseline, hold, ends);
  const user = withRoomTaken(userOf(hold), baseline, hold);
  const kernel = ends.target === null ? null : sumOf(target);
  const total = user.bytes === null || kernel === null ? null : user.bytes + kernel;
  const timeWait = hold.remote === null ? timeWaitOf(baseline, hold) : remoteTimeWait(baseline, hold);
  return {
    total,
    user: user.bytes,
    kernel,
    userBasis: user.basis,
    components: { ...userRows(hold.runtime?.processes, user.bytes), ...target },
    client: {
      user: treeUserOf(hold.client).bytes,
      kernel: ends.client === null ? null : sumOf(client),
      components: client,
    },
    timeWait,
    unexplained: unexplained(baseline, hold, target, client, timeWait ?? 0),
    charged: chargedOf(baseline, hold),
    tcpReserved: tcpReservedOf(baseline, hold, ends),
  };
}

/** What the design calls `user`: the target's own memory, in bytes; null when nobody tells. */
export const userBytesOf = (readings: Pick<Readings, 'target' | 'exporter'>): number | null => userOf(readings).bytes;

/**
 * What malloc holds and nobody uses comes and goes with what the threads of a runtime do, by some 100 KiB at a time: seen up to
 * 600 KiB in Node.js 20. With 500 connections that is more than each of them costs.
 */
const MALLOC_TIDE_BYTES = 2 ** 20;

/**
 * What malloc had free before the first connection is taken up by those that stay, and would hide as much of what they cost. So
 * that counts as taken. What is free beyond it counts where it is more than threads leave behind: then it lies between
 * connections. Where it isn't known any more, malloc holds so much that nothing is left of it.
 */
function withRoomTaken({ bytes, basis }: User, { target: before }: Readings, { target: now }: Readings): User {
  const freeBefore = before?.mallocFreeBytes ?? null;
  if (bytes === null || freeBefore === null) return { bytes, basis };
  const more = (now?.mallocFreeBytes ?? 0) - freeBefore;
  return { bytes: bytes - Math.min(more, MALLOC_TIDE_BYTES), basis };
}

type User = { bytes: number | null; basis: Ledger['userBasis'] };

function userOf({ target, exporter }: Pick<Readings, 'target' | 'exporter'>): User {
  return target === null && exporter ? { bytes: exporter.bytes, basis: 'exporter' } : treeUserOf(target);
}

function treeUserOf(tree: ProcessTree | null): User {
  if (tree === null) return { bytes: null, basis: null };
  if (tree.anonBytes === null) return { bytes: tree.rssBytes, basis: 'rss' };
  return { bytes: tree.anonBytes, basis: 'anon' };
}

/**
 * The parts of `user`. `userOther` may be negative: a heap's pages can lie in swap while the heap itself still counts them.
 *
 * @param processes what the engine of each process says of itself; undefined where nobody tells
 */
export function userRows(
  processes: ReadonlyArray<Pick<RuntimeMemory, 'heapUsedBytes' | 'externalBytes'>> | undefined,
  user: number | null,
): Record<UserComponent, number | null> {
  if (user === null || processes === undefined) return { heapUsed: null, external: null, userOther: user };
  const heapUsed = processes.reduce((sum, one) => sum + one.heapUsedBytes, 0);
  const external = processes.reduce((sum, one) => sum + one.externalBytes, 0);
  return { heapUsed, external, userOther: user - heapUsed - external };
}

/**
 * A kernel that can't be looked into has no sum; one whose processes we can't see, or without a single queue, still
 * has: the rows for each socket are what counts.
 */
function sumOf(rows: KernelRows): number | null {
  if (rows.tcpSock === null || rows.unixSock === null || rows.socketInode === null) return null;
  return KERNEL_COMPONENTS.reduce((sum, name) => sum + (rows[name] ?? 0), 0);
}

function chargedOf(baseline: Readings, hold: Readings): number | null {
  const [before, now] = [baseline.cgroup, hold.cgroup];
  if (!before?.exclusive || !now?.exclusive || before.path !== now.path) return null;
  if (before.fileBytes === null || now.fileBytes === null) return null;
  return now.currentBytes - now.fileBytes - (before.currentBytes - before.fileBytes);
}

const remoteTimeWait = ({ remote: before }: Readings, { remote: now }: Readings): number | null =>
  before && now ? timeWaitOf(before, now) : null;

const growthOf = (before: number | undefined, now: number | undefined): number | null =>
  before === undefined || now === undefined ? null : now - before;

/** For the machine on which the target is: its host's growth, less the ends that lie there. */
function unexplained(
  baseline: Readings,
  hold: Readings,
  target: KernelRows,
  client: KernelRows,
  timeWait: number,
): number | null {
  const isElsewhere = hold.remote !== null;
  const [before, now] = isElsewhere ? [baseline.remote?.host, hold.remote?.host] : [baseline.host, hold.host];
  if (!before || !now) return null;
  const ofTarget = (userBytesOf(hold) ?? 0) - (userBytesOf(baseline) ?? 0);
  const ofClient = (treeUserOf(hold.client).bytes ?? 0) - (treeUserOf(baseline.client).bytes ?? 0);
  // What other processes take meanwhile is known as well, wherever both ends' own memory is counted in the same way.
  const ofAll = growthOf(before.anonBytes, now.anonBytes);
  const isAnon = [hold.target, isElsewhere ? hold.target : hold.client].every((tree) => tree?.anonBytes != null);
  const ofUsers = isAnon && ofAll !== null ? ofAll : isElsewhere ? ofTarget : ofTarget + ofClient;
  const ofKernel = (isElsewhere ? [target] : [target, client]).flatMap((rows) =>
    KERNEL_COMPONENTS.filter((name) => !RECLAIMABLE.has(name)).map((name) => rows[name] ?? 0),
  );
  const [slabBefore, slab] = isElsewhere ? [baseline.remote!.slab, hold.remote!.slab] : [baseline.slab, hold.slab];
  const unused = unusedPlacesOf(slabBefore, slab, UNRECLAIMABLE_CACHES);
  return ofKernel.reduce((left, bytes) => left - bytes, now.usedBytes - before.usedBytes - ofUsers - timeWait - unused);
}
