import { join } from 'node:path';
import type { Host } from '../core/readings.ts';
import { Missing, parseFields, readText } from './meter.ts';
import { readPageSize } from './page-size.ts';

/**
 * Memory of the whole host.
 *
 * `usedBytes` tracks what connections take: total − free − buffers − page cache (but not shared memory) − reclaimable
 * slab. Two things make it steady enough to be compared over seconds (measured, docs/measuring.md). Pages that lie free
 * in a processor's own list are free too, though MemFree leaves them out: several MiB to and fro. And reclaimable
 * slab swings with anybody's file access; the ledger adds the part that belongs to sockets by counting them.
 *
 * @param proc where /proc is mounted
 */
export async function readHost(proc = '/proc'): Promise<Host> {
  const [meminfo, zoneinfo, limitBytes] = await Promise.all([
    readText(join(proc, 'meminfo')),
    readText(join(proc, 'zoneinfo')).catch(() => ''),
    readMemoryLimit(proc),
  ]);
  return parseHost(meminfo, zoneinfo, limitBytes, readPageSize());
}

/** @param zoneinfo may be empty: then pages on processors' own free lists count as used */
export function parseHost(meminfo: string, zoneinfo: string, limitBytes: number, pageSizeBytes: number): Host {
  const fields = parseFields(meminfo);
  const field = (name: string): number => fields.get(name) ?? 0;
  const totalBytes = field('MemTotal');
  if (totalBytes === 0) throw new Missing('meminfo has no MemTotal');
  const cachedBytes = field('Buffers') + field('Cached') + field('SwapCached') - field('Shmem');
  const freeBytes = field('MemFree') + freeOnProcessors(zoneinfo) * pageSizeBytes;
  return {
    totalBytes,
    availableBytes: field('MemAvailable'),
    usedBytes: totalBytes - freeBytes - cachedBytes - field('SReclaimable'),
    slabUnreclaimableBytes: field('SUnreclaim'),
    slabReclaimableBytes: field('SReclaimable'),
    pageTablesBytes: field('PageTables'),
    kernelStackBytes: field('KernelStack'),
    limitBytes: Math.min(limitBytes, totalBytes),
  };
}

/** Pages on the per-processor free lists of all zones. */
function freeOnProcessors(zoneinfo: string): number {
  let pages = 0;
  for (const [, count] of zoneinfo.matchAll(/^\s+count:\s+(\d+)/gm)) pages += Number(count);
  return pages;
}

/**
 * The least memory limit of the cgroups a process lives in, v1 or v2, all the way up. Infinity when there is none.
 *
 * @param pid whose; our own when left out
 */
export async function readMemoryLimit(proc = '/proc', pid: number | 'self' = 'self'): Promise<number> {
  const read = (file: string): Promise<string> => readText(join(proc, String(pid), file)).catch(() => '');
  const [cgroup, mountinfo] = await Promise.all([read('cgroup'), read('mountinfo')]);
  const limits = await Promise.all(
    limitFiles(cgroup, mountinfo).map(async (file) => Number.parseInt(await readText(file).catch(() => 'max'), 10)),
  );
  return Math.min(...limits.filter((limit) => limit > 0), Number.POSITIVE_INFINITY);
}

/** Every file that may hold a memory limit for a process, from its /proc/PID/cgroup and /proc/PID/mountinfo. */
export function limitFiles(cgroup: string, mountinfo: string): string[] {
  const files: string[] = [];
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root = '/', mountPoint = ''] = left.split(' ');
    const [type = '', , options = ''] = right.split(' ');
    const v1 = type === 'cgroup' && options.split(',').includes('memory');
    if (!v1 && type !== 'cgroup2') continue;
    const path = cgroupPath(cgroup, v1);
    if (path === undefined) continue;
    // In a container the mount may show only the container's own cgroup: paths are relative to the mount's root.
    const below = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
    const parts = below.split('/').filter((part) => part !== '' && part !== '..');
    for (let depth = parts.length; depth >= 0; depth--) {
      files.push(join(mountPoint, ...parts.slice(0, depth), v1 ? 'memory.limit_in_bytes' : 'memory.max'));
    }
  }
  return files;
}

/** Lines are `id:controllers:path`; v2 is the one without controllers. */
function cgroupPath(cgroup: string, v1: boolean): string | undefined {
  for (const line of cgroup.split('\n')) {
    const [, controllers = '', ...path] = line.split(':');
    if (path.length > 0 && (v1 ? controllers.split(',').includes('memory') : controllers === '')) return path.join(':');
  }
  return undefined;
}
