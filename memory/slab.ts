import { type Readings, SLAB_CACHES, type Slab, type SlabCache } from '../core/schemas/readings.ts';
import { estimateSlab, unixSocketSlab } from './estimated-slab.ts';
import { Missing, readText, systemCodeOf } from './meter.ts';
import { readPageSize } from './page-size.ts';

/** Socket-related kernel object caches. Needs root: /proc/slabinfo is readable by nobody else. */
export async function readSlab(path = '/proc/slabinfo'): Promise<Slab> {
  const text = await readText(path).catch((error: unknown) => {
    const code = systemCodeOf(error);
    if (code === 'EACCES') throw new Missing(`${path} is readable by root only`);
    if (code === 'ENOENT') throw new Missing(`${path} is not there`);
    throw error;
  });
  const slab = parseSlab(text, readPageSize());
  // In a sandbox the file may be there for form's sake.
  if (Object.keys(slab).length === 0) throw new Missing(`${path} shows none of the caches that sockets are in`);
  return slab;
}

/**
 * The caches as the kernel lists them, else their sizes as its types tell them.
 *
 * @throws Missing with the reason why they can't be read, where they can't be estimated either
 */
export async function readOrEstimateSlab(): Promise<Required<Pick<Readings, 'slabBasis'>> & { readonly slab: Slab }> {
  try {
    return { slab: { ...unixSocketSlab(), ...(await readSlab()) }, slabBasis: 'slabinfo' };
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    try {
      return { slab: { ...unixSocketSlab(), ...estimateSlab() }, slabBasis: 'types' };
    } catch (second) {
      throw second instanceof Missing ? new Missing(`${error.message}, and ${second.message}`) : second;
    }
  }
}

/** name, active objects, all objects, object size, objects per slab, pages per slab */
const ROW = /^(\S+)\s+(\d+)\s+(\d+)\s+\d+\s+(\d+)\s+(\d+)/gm;
const WANTED: ReadonlySet<string> = new Set(SLAB_CACHES);

/** Parses slabinfo version 2.x. Caches the kernel doesn't show (merged into another of like size) are absent. */
export function parseSlab(text: string, pageSizeBytes: number): Slab {
  const slab: Slab = {};
  for (const [, name = '', objects, places, objectsPerSlab, pagesPerSlab] of text.matchAll(ROW)) {
    if (!WANTED.has(name) || Number(objectsPerSlab) === 0) continue;
    slab[name as SlabCache] = {
      objects: Number(objects),
      places: Number(places),
      bytesPerObject: (Number(pagesPerSlab) * pageSizeBytes) / Number(objectsPerSlab),
    };
  }
  return slab;
}
