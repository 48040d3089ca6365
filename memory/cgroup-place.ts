import { join } from 'node:path';
import { readText } from './meter.ts';

/** Where a process's memory cgroup lies in the file system. */
export interface CgroupPlace {
  readonly version: 1 | 2;
  /** As /proc/PID/cgroup has it. */
  readonly path: string;
  /** The folder of its files; null when it lies outside of what is mounted here. */
  readonly folder: string | null;
  /** That of the highest cgroup we can see above it. */
  readonly top: string;
}

/**
 * The memory cgroups of a process: of v1 and of v2, where both are mounted. The first one is the one that counts.
 *
 * Mounts are taken as we see them, not as the process does. The path in /proc/PID/cgroup is written for us, too, and we
 * may live outside of the container that the process is in.
 *
 * @param pid whose; our own when left out
 */
export async function placesOf(proc = '/proc', pid: number | 'self' = 'self'): Promise<CgroupPlace[]> {
  const read = (...names: string[]): Promise<string> => readText(join(proc, ...names)).catch(() => '');
  const [cgroup, mountinfo] = await Promise.all([read(String(pid), 'cgroup'), read('self', 'mountinfo')]);
  return findPlaces(cgroup, mountinfo);
}

/** From the texts of /proc/PID/cgroup and /proc/self/mountinfo. */
export function findPlaces(cgroup: string, mountinfo: string): CgroupPlace[] {
  const places: CgroupPlace[] = [];
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [root = '/', mountPoint = ''] = left.split(' ').slice(3, 5).map(plainOf);
    const [type = '', , options = ''] = right.split(' ');
    const v1 = type === 'cgroup' && options.split(',').includes('memory');
    if (!v1 && type !== 'cgroup2') continue;
    const path = pathIn(cgroup, v1);
    if (path === undefined) continue;
    const below = pathBelow(root, path);
    places.push({ version: v1 ? 1 : 2, path, folder: below && join(mountPoint, ...below), top: mountPoint });
  }
  // Where v1 has the memory controller, v2 can't have it. The first of several mounts of one that shows it.
  return places.sort((a, b) => a.version - b.version || Number(a.folder === null) - Number(b.folder === null));
}

/**
 * The way from a mount's root to a cgroup. Both are told as seen from our cgroup namespace, in which what lies outside
 * begins with `..`. A container may have mounts made in another namespace, and a process of the host a path outside.
 *
 * @returns null when there is none: the mount doesn't show this cgroup
 */
function pathBelow(root: string, path: string): string[] | null {
  const parts = partsOf(path);
  const isBelow = partsOf(root).every((part) => parts.shift() === part);
  return isBelow && !parts.includes('..') ? parts : null;
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** Spaces and backslashes are written in octal in mountinfo. */
const plainOf = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Every file that may hold a limit for a memory cgroup: its own, and those of all above it. */
export function limitFilesOf(place: CgroupPlace): string[] {
  const name = place.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  return foldersUpwards(place).map((folder) => join(folder, name));
}

/** The cgroup's own folder, then those of all above it that we can see. */
export function foldersUpwards({ folder, top }: Pick<CgroupPlace, 'folder' | 'top'>): string[] {
  const folders: string[] = [];
  for (let at = folder; at?.startsWith(top); at = join(at, '..')) {
    folders.push(at);
    if (at === top) break;
  }
  return folders;
}

/** How v1 says "no limit": the largest number of whole pages. */
const NO_LIMIT_BYTES = 2 ** 60;

/** The least limit of a memory cgroup and all above it, in bytes. Infinity when there is none. */
export async function leastLimit(places: readonly CgroupPlace[]): Promise<number> {
  const texts = places.flatMap(limitFilesOf).map((file) => readText(file).catch(() => 'max'));
  const limits = (await Promise.all(texts)).map((text) => Number.parseInt(text, 10));
  return Math.min(...limits.filter((limit) => limit > 0 && limit < NO_LIMIT_BYTES), Number.POSITIVE_INFINITY);
}

/** Lines are `id:controllers:path`; v2 is the one without controllers. */
function pathIn(cgroup: string, v1: boolean): string | undefined {
  for (const line of cgroup.split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    if (path.length > 0 && (v1 ? controllers.split(',').includes('memory') : controllers === '')) return path.join(':');
  }
  return undefined;
}
