import { SLAB_CACHES, type Slab, type SlabCache } from '../core/readings.ts';
import { Missing, readText, systemCodeOf } from './meter.ts';
import { readPageSize } from './page-size.ts';

/** Socket-related kernel object caches. Needs root: /proc/slabinfo is readable by nobody else. */
export async function readSlab(path = '/proc/slabinfo'): Promise<Slab> {
  const text = await readText(path).catch((error: unknown) => {
    if (systemCodeOf(error) === 'EACCES') throw new Missing(`${path} is readable by root only`);
    throw error;
  });
  return parseSlab(text, readPageSize());
}

/** name, active objects, all objects, object size, objects per slab, pages per slab */
const ROW = /^(\S+)\s+(\d+)\s+\d+\s+\d+\s+(\d+)\s+(\d+)/gm;
const WANTED: ReadonlySet<string> = new Set(SLAB_CACHES);

/** Parses slabinfo version 2.x. Caches the kernel doesn't show (merged into another of like size) are absent. */
export function parseSlab(text: string, pageSizeBytes: number): Slab {
  const slab: Slab = {};
  for (const [, name = '', objects, objectsPerSlab, pagesPerSlab] of text.matchAll(ROW)) {
    if (!WANTED.has(name) || Number(objectsPerSlab) === 0) continue;
    slab[name as SlabCache] = {
      objects: Number(objects),
      bytesPerObject: (Number(pagesPerSlab) * pageSizeBytes) / Number(objectsPerSlab),
    };
  }
  return slab;
}
