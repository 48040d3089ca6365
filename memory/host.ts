import { join } from 'node:path';
import type { Host } from '../core/schemas/readings.ts';
import { leastLimit, placesOf } from './cgroup-place.ts';
import { Missing, parseFields, readText } from './meter.ts';
import { readPageSize } from './page-size.ts';

/**
 * Memory of the whole host.
 *
 * `usedBytes` tracks what connections take: total − free − buffers − page cache (but not shared memory) − reclaimable
 * slab. Two things make it steady enough to be compared over seconds (measured, docs/how-memory-is-read.md). Pages that lie free
 * in a processor's own list are free too, though MemFree leaves them out: several MiB to and fro. And reclaimable
 * slab swings with anybody's file access; the ledger adds the part that belongs to sockets by counting them.
 *
 * @param proc where /proc is mounted
 */
export async function readHost(proc = '/proc'): Promise<Host> {
  const [meminfo, zoneinfo, limitBytes] = await Promise.all([
    readText(join(proc, 'meminfo')),
    readText(join(proc, 'zoneinfo')).catch(() => ''),
    placesOf(proc).then(leastLimit),
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
    anonBytes: field('AnonPages') + field('Shmem'),
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
