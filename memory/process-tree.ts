import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  read as readSome,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ProcessTree } from '../core/schemas/readings.ts';
import { lookIntoMalloc } from './malloc-free.ts';
import { Missing, parseFields, systemCodeOf } from './meter.ts';
import { readPortableTree } from './process-portable.ts';

export interface TreeOptions {
  /** Where /proc is mounted. */
  readonly proc?: string;
  /** Processes that are not part of this tree though they descend from it, with all their descendants. */
  readonly except?: readonly number[];
  /** Which process descends from which, when it was asked a moment ago. */
  readonly parents?: Parents;
  /** Look for what malloc has free, which takes a look at the marks before all its pieces. */
  readonly malloc?: boolean;
}

/** Children of each process that has some. */
export type Parents = ReadonlyMap<number, readonly number[]>;

/** Walks at a time: libuv has one thread more, for the other meters; and each has a file open, of which there may be few left. */
const SIDE_BY_SIDE = 3;

/**
 * Memory of processes and all their descendants. On Linux from /proc/PID/smaps_rollup. The kernel walks the whole
 * address space for it (about 1 ms for a small Node process, 10 to 15 ms for each GiB), in a thread of libuv's, not in ours.
 * Where that file may not be read (another user's process) only RSS is known; elsewhere than on Linux too.
 *
 * @param roots process ids; a process that ends between listing and reading is left out, unless it is a root
 * @throws Missing when a root is gone
 */
export async function readProcessTree(roots: readonly number[], options: TreeOptions = {}): Promise<ProcessTree> {
  const { proc = '/proc', malloc = false } = options;
  if (process.platform !== 'linux') return readPortableTree(roots);
  const pids = listTree(roots, options);
  const parts: (ProcessTree | undefined)[] = [];
  const queue = pids.entries();
  const readOn = async (): Promise<void> => {
    for (const [i, pid] of queue) parts[i] = await readProcess(proc, pid, malloc);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, readOn));
  const gone = roots.find((root) => parts[pids.indexOf(root)] === undefined);
  if (gone !== undefined) throw whyAbsent(gone, proc);
  return sumTree(parts.filter((part) => part !== undefined));
}

/** Ids of the roots and all their descendants, as every process tells its parent. */
export function listTree(
  roots: readonly number[],
  { proc = '/proc', except = [], parents = proc === '/proc' ? parentsNow() : readParents(proc) }: TreeOptions = {},
): number[] {
  const pids = new Set(roots);
  // A Set yields what is added to it during the walk.
  for (const pid of pids) for (const child of parents.get(pid) ?? []) if (!except.includes(child)) pids.add(child);
  return [...pids];
}

/**
 * Asks every process for its parent: a few milliseconds with hundreds of processes, some 30 with a thousand.
 * (/proc/PID/task/TID/children would need a look at every thread, and not every kernel has it.)
 */
const readParents = (proc: string): Parents => childrenIn(readParentOfEach(proc));

type ParentOfEach = ReadonlyMap<number, number>;

/** @param known who is there under a known parent isn't asked again */
function readParentOfEach(proc: string, known: ParentOfEach = new Map()): ParentOfEach {
  const pids = readdirSync(proc).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  const present = new Set(pids);
  const parentOfEach = new Map<number, number>();
  for (const pid of pids) {
    const before = known.get(pid);
    // A child whose parent has ended has another one now.
    const parent = before !== undefined && (before === 0 || present.has(before)) ? before : parentOf(proc, pid);
    if (parent !== undefined) parentOfEach.set(pid, parent);
  }
  return parentOfEach;
}

function childrenIn(parentOfEach: ParentOfEach): Parents {
  const childrenOf = new Map<number, number[]>();
  for (const [pid, parent] of parentOfEach) {
    const siblings = childrenOf.get(parent);
    if (siblings) siblings.push(pid);
    else childrenOf.set(parent, [pid]);
  }
  return childrenOf;
}

let listed: { readonly lastPid: number; readonly parentOfEach: ParentOfEach; readonly parents: Parents } | undefined;

/**
 * The same, asked anew only when a process or a thread has been born since, and then of those only: `/proc/loadavg` ends in
 * the number that was given out last. A process whose parent has ended counts as its descendant until then.
 */
export function parentsNow(): Parents {
  // Before the list is made: what is born meanwhile may be missing from it.
  const lastPid = Number(readNow('/proc/loadavg')?.trimEnd().split(' ').at(-1) ?? Number.NaN);
  if (listed?.lastPid === lastPid) return listed.parents;
  // Numbers have begun anew, so one that is known may be another process.
  const known = listed && lastPid > listed.lastPid ? listed.parentOfEach : undefined;
  const parentOfEach = readParentOfEach('/proc', known);
  listed = { lastPid, parentOfEach, parents: childrenIn(parentOfEach) };
  return listed.parents;
}

/** Anonymous memory and RSS from the kernel's running counters: no walk, so it may be asked several times a second. */
export function readQuickMemory(
  pids: readonly number[],
  proc = '/proc',
): { anonBytes: number; rssBytes: number } | undefined {
  let [anonBytes, rssBytes, found] = [0, 0, false];
  for (const pid of pids) {
    const status = parseFields(readNow(join(proc, String(pid), 'status')) ?? '');
    const rss = status.get('VmRSS');
    if (rss === undefined) continue;
    found = true;
    rssBytes += rss;
    anonBytes += (status.get('RssAnon') ?? 0) + (status.get('RssShmem') ?? 0);
  }
  return found ? { anonBytes, rssBytes } : undefined;
}

async function readProcess(proc: string, pid: number, malloc: boolean): Promise<ProcessTree | undefined> {
  const folder = join(proc, String(pid));
  try {
    const stat = readFileSync(join(folder, 'stat'), 'latin1');
    const status = readFileSync(join(folder, 'status'), 'latin1');
    const tree = parseProcess(pid, stat, status, await readRollup(folder), lookAtDescriptors(join(folder, 'fd')));
    return tree && malloc ? { ...tree, mallocFreeBytes: await lookIntoMalloc(folder) } : tree;
  } catch (error) {
    // ENOENT: the directory went; ESRCH: the process ended while its file was open.
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    if (code === 'EPERM' || code === 'EACCES') throw hidden(pid);
    throw error;
  }
}

/** Nothing can be read of it: it has ended (and may be a zombie), or is not for us to see. */
export function whyAbsent(pid: number, proc = '/proc'): Missing {
  const isThere = proc === '/proc' && !existsSync(join(proc, String(pid))) && isRunning(pid);
  return isThere ? hidden(pid) : new Missing(`process ${pid} is gone`);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

const hidden = (pid: number): Missing => new Missing(`process ${pid} is hidden from us: /proc is mounted with hidepid`);

/** About 20 lines; the kernel makes the whole text, and takes its walk, for the first read. */
const ROLLUP_BYTES = 4096;
const readAsync = promisify(readSome);

/**
 * Only the walk leaves our thread: with a thousand processes, a round trip to another thread for each call on each file
 * takes longer than all of their walks.
 *
 * @returns undefined when it may not be read
 */
async function readRollup(folder: string): Promise<string | undefined> {
  let file: number | undefined;
  try {
    file = openSync(join(folder, 'smaps_rollup'), 'r');
    const { bytesRead, buffer } = await readAsync(file, Buffer.allocUnsafe(ROLLUP_BYTES), 0, ROLLUP_BYTES, null);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

type Descriptors = Pick<ProcessTree, 'openFiles' | 'hasEpoll' | 'hasUring'>;

/** Event loops open their epoll descriptor at their start, before they have connections. Sockets of rings are in no folder. */
const LOWEST_DESCRIPTORS = 128;
/** With no more than this, listing them is quicker than trying numbers that are not there. */
const FEW_DESCRIPTORS = 512;
const EPOLL = 'anon_inode:[eventpoll]';
const URING = 'anon_inode:[io_uring]';

/** Without listing the folder, which takes time for each of its entries: its size is their number (Linux 6.2). */
function lookAtDescriptors(folder: string): Descriptors {
  try {
    const openFiles = statSync(folder).size || null;
    const isFew = openFiles !== null && openFiles <= FEW_DESCRIPTORS;
    const lowest = isFew ? readdirSync(folder) : Array.from({ length: LOWEST_DESCRIPTORS }, (_, fd) => String(fd));
    const hasEpoll = lowest.some((fd) => Number(fd) < LOWEST_DESCRIPTORS && leadsTo(EPOLL, join(folder, fd)));
    return { openFiles, hasEpoll, ...(lowest.some((fd) => leadsTo(URING, join(folder, fd))) && { hasUring: true }) };
  } catch {
    return { openFiles: null, hasEpoll: null };
  }
}

function leadsTo(what: string, path: string): boolean {
  try {
    return readlinkSync(path) === what;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    return false;
  }
}

/** USER_HZ: /proc counts processor time in hundredths of a second on every architecture Linux runs on today. */
const TICKS_PER_SECOND = 100;

/**
 * @param rollup text of smaps_rollup; undefined when it may not be read
 * @returns undefined for a zombie, which has no memory any more
 */
export function parseProcess(
  pid: number,
  stat: string,
  status: string,
  rollup: string | undefined,
  { openFiles, hasEpoll, hasUring }: Descriptors = { openFiles: null, hasEpoll: null },
): ProcessTree | undefined {
  const running = parseFields(status);
  const rssBytes = running.get('VmRSS');
  if (rssBytes === undefined) return undefined;
  const maps = rollup === undefined ? undefined : parseFields(rollup);
  const sum = (...names: string[]): number | null =>
    maps ? names.reduce((total, name) => total + (maps.get(name) ?? 0), 0) : null;
  const hasAnon = maps?.has('Pss_Anon') === true;
  const times = fieldsOfStat(stat);
  return {
    pids: [pid],
    rssBytes: maps?.get('Rss') ?? rssBytes,
    pssBytes: sum('Pss'),
    // Before Linux 5.9 there is no split of PSS.
    anonBytes: hasAnon ? sum('Pss_Anon', 'Pss_Shmem') : null,
    ussBytes: sum('Private_Clean', 'Private_Dirty'),
    swapBytes: sum('SwapPss'),
    pageTablesBytes: running.get('VmPTE') ?? null,
    descriptorSlots: running.get('FDSize') ?? null,
    openFiles,
    hasEpoll,
    ...(hasUring && { hasUring }),
    threads: running.get('Threads') ?? null,
    cpuSeconds: (Number(times[11]) + Number(times[12])) / TICKS_PER_SECOND,
  };
}

/** Adds processes up. What is unknown of one is unknown of the whole. */
export function sumTree(parts: readonly ProcessTree[]): ProcessTree {
  const add = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);
  return parts.reduce((a, b) => ({
    pids: [...a.pids, ...b.pids],
    rssBytes: a.rssBytes + b.rssBytes,
    pssBytes: add(a.pssBytes, b.pssBytes),
    anonBytes: add(a.anonBytes, b.anonBytes),
    ussBytes: add(a.ussBytes, b.ussBytes),
    swapBytes: add(a.swapBytes, b.swapBytes),
    pageTablesBytes: add(a.pageTablesBytes, b.pageTablesBytes),
    descriptorSlots: add(a.descriptorSlots, b.descriptorSlots),
    openFiles: add(a.openFiles, b.openFiles),
    hasEpoll: a.hasEpoll === null || b.hasEpoll === null ? null : a.hasEpoll || b.hasEpoll,
    ...((a.hasUring || b.hasUring) && { hasUring: true as const }),
    threads: add(a.threads, b.threads),
    ...(a.mallocFreeBytes !== undefined &&
      b.mallocFreeBytes !== undefined && { mallocFreeBytes: add(a.mallocFreeBytes, b.mallocFreeBytes) }),
    cpuSeconds: a.cpuSeconds + b.cpuSeconds,
  }));
}

/** Fields from the third (state) on: the second is the command's name in parentheses, which may hold anything. */
const fieldsOfStat = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

function parentOf(proc: string, pid: number): number | undefined {
  const stat = readNow(join(proc, String(pid), 'stat'));
  return stat === undefined ? undefined : Number(fieldsOfStat(stat)[1]);
}

/** Synchronous on purpose: /proc is memory, and hundreds of small reads cost far less without a round trip each. */
function readNow(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
