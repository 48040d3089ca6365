import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cgroup } from '../core/schemas/readings.ts';
import { type CgroupPlace, foldersUpwards, leastLimit, placesOf } from './cgroup-place.ts';
import { Missing, readText, systemCodeOf } from './meter.ts';
import { oomFileOf, parseOomKills } from './oom-kills.ts';
import { listTree, type TreeOptions, whyAbsent } from './process-tree.ts';

/**
 * What the memory cgroup of a process is charged for. A few small files, however many connections there are; the
 * kernel keeps up to 256 KiB a processor ahead of what is used, so a charge moves in such steps.
 *
 * @param roots of the process tree it is to be compared with; the first one's cgroup is read
 * @param known processes of that tree as they were found a moment ago
 * @throws Missing when the process is gone, or its memory is accounted nowhere
 */
export async function readCgroup(
  roots: readonly [number, ...number[]],
  known: readonly number[],
  options: TreeOptions = {},
): Promise<Cgroup> {
  const { proc = '/proc' } = options;
  const [pid] = roots;
  const [place] = await placesOf(proc, pid);
  if (!place) {
    throw existsSync(join(proc, String(pid), 'cgroup'))
      ? new Missing('there is no memory cgroup here')
      : whyAbsent(pid, proc);
  }
  const { version } = place;
  const { folder, path } = accountOf(place);
  const files = FILES[version];
  const read = (name: string): Promise<string | undefined> => readText(join(folder, name)).catch(() => undefined);
  const [current, stat, kernel, sock, sockLimit, oom, limitBytes] = await Promise.all([
    readText(join(folder, files.current)).catch((error: unknown) => Promise.reject(whyUnreadable(error, place))),
    read('memory.stat'),
    read(files.kernel),
    read(files.sock),
    read(files.sockLimit),
    readText(oomFileOf(version, folder)).catch(() => ''),
    leastLimit([place]),
  ]);
  const parts = version === 1 ? parseV1(stat, kernel, sock, sockLimit) : parseV2(stat);
  return {
    version,
    path,
    currentBytes: Number(current),
    ...parts,
    limitBytes: Number.isFinite(limitBytes) ? limitBytes : null,
    oomKills: parseOomKills(oom) ?? null,
    exclusive: await holdsOnly(folder, roots, known, options),
  };
}

/** v2 has everything in memory.stat. */
const FILES = {
  1: {
    current: 'memory.usage_in_bytes',
    kernel: 'memory.kmem.usage_in_bytes',
    sock: 'memory.kmem.tcp.usage_in_bytes',
    sockLimit: 'memory.kmem.tcp.limit_in_bytes',
  },
  2: { current: 'memory.current', kernel: '', sock: '', sockLimit: '' },
} as const;

/**
 * The cgroup that a process's memory is charged to. With v2 that is the next one above for which the memory controller
 * is on, if it isn't for its own.
 *
 * @throws Missing when the process's own can't be seen from here
 */
function accountOf(place: CgroupPlace): { folder: string; path: string } {
  const { version, path, folder: own } = place;
  if (own === null) throw new Missing(`the cgroup ${path} lies outside of what is mounted here`);
  const above = foldersUpwards(place);
  const at =
    version === 1
      ? 0
      : Math.max(
          0,
          above.findIndex((folder) => existsSync(join(folder, FILES[2].current))),
        );
  return { folder: above[at] ?? own, path: join(path, ...Array(at).fill('..')) };
}

function whyUnreadable(error: unknown, { version, path, folder }: CgroupPlace): Missing {
  const code = systemCodeOf(error);
  if (code === 'EACCES') return new Missing(`the cgroup ${path} is not ours to read`);
  if (version === 2 && folder !== null && existsSync(join(folder, 'cgroup.controllers'))) {
    return new Missing(`the cgroup ${path} has no memory.current: it is the root, or the memory controller is not on`);
  }
  return new Missing(`the cgroup ${path} is not mounted here (${code ?? error})`);
}

type Parts = Pick<Cgroup, 'anonBytes' | 'fileBytes' | 'kernelBytes' | 'sockBytes'>;

/** Totals, so that cgroups below are in. Without a limit of their own TCP buffers aren't counted, though the file says 0. */
export function parseV1(
  stat: string | undefined,
  kernel: string | undefined,
  sock: string | undefined,
  sockLimit: string | undefined,
): Parts {
  const fields = parseStat(stat ?? '');
  const isSockCounted = Number(sockLimit ?? Number.POSITIVE_INFINITY) < Number.MAX_SAFE_INTEGER;
  return {
    anonBytes: combine(fields, ['total_rss', 'total_shmem']),
    fileBytes: combine(fields, ['total_cache'], ['total_shmem']),
    kernelBytes: kernel === undefined ? null : Number(kernel),
    sockBytes: sock === undefined || !isSockCounted ? null : Number(sock),
  };
}

export function parseV2(stat: string | undefined): Parts {
  const fields = parseStat(stat ?? '');
  return {
    anonBytes: combine(fields, ['anon', 'shmem']),
    fileBytes: combine(fields, ['file'], ['shmem']),
    kernelBytes: combine(fields, ['kernel']) ?? kernelOf(fields),
    sockBytes: combine(fields, ['sock']),
  };
}

/** Before Linux 5.18 there is no sum. Per-processor memory has a line since 5.8, page tables since 5.11. */
function kernelOf(fields: ReadonlyMap<string, number>): number | null {
  const least = combine(fields, ['kernel_stack', 'slab']);
  return least === null ? null : least + (fields.get('percpu') ?? 0) + (fields.get('pagetables') ?? 0);
}

function parseStat(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/^(\w+) (\d+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}

/** Null when one of them isn't there. */
function combine(
  fields: ReadonlyMap<string, number>,
  plus: readonly string[],
  minus: readonly string[] = [],
): number | null {
  if ([...plus, ...minus].some((name) => !fields.has(name))) return null;
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + fields.get(name)!, 0);
  return sum(plus) - sum(minus);
}

/** Whether nobody but the tree lives in a cgroup or below it. What came or went in between isn't held against it. */
async function holdsOnly(
  folder: string,
  roots: readonly number[],
  known: readonly number[],
  options: TreeOptions,
): Promise<boolean> {
  const { proc = '/proc' } = options;
  let tree = new Set(known);
  let isFresh = false;
  const isForeign = (pid: number): boolean => {
    if (tree.has(pid)) return false;
    if (!isFresh) tree = new Set(listTree(roots, options));
    isFresh = true;
    // Process 0 is one that lives where we can't see it.
    return !tree.has(pid) && (pid === 0 || existsSync(join(proc, String(pid))));
  };
  for await (const pids of membersBelow(folder)) if (pids.some(isForeign)) return false;
  return true;
}

/** Processes of a cgroup, then of each below it. */
async function* membersBelow(folder: string): AsyncGenerator<number[]> {
  yield await membersOf(folder);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) yield* membersBelow(join(folder, entry.name));
}

/** Ids of the processes in a cgroup itself. */
export async function membersOf(folder: string): Promise<number[]> {
  const text = await readText(join(folder, 'cgroup.procs')).catch(() => '');
  return (text.match(/\d+/g) ?? []).map(Number);
}
