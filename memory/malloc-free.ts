/**
 * What glibc's malloc holds of a process's memory without anybody using it, by the marks it has in front of each piece
 * (malloc/malloc.c: malloc_chunk, heap_info, malloc_state; 64 bits, glibc 2.26 and later).
 */

import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from './meter.ts';

/** Memory of a process from an address on; fewer bytes where it ends. */
export type ReadMemory = (address: number, length: number) => Promise<Buffer>;

/** Beyond this nobody looks: what earlier connections left is nothing beside it, and to walk it takes a second. */
const MOST_BYTES = 256 * 2 ** 20;
/** Read at a time. */
const WINDOW_BYTES = 2 ** 20;
/** An arena that isn't the program's first lies on a multiple of this, and reserves as much (HEAP_MAX_SIZE). */
const ARENA_BYTES = 64 * 2 ** 20;
const ALIGNMENT = 16;
/** Sizes of malloc_state, and of the least heap_info before it. */
const STATE_BYTES = 2200;
const INFO_BYTES = 32;
/** What lies in front of a piece: its mark is the second half, the size with three flags. No piece is smaller. */
const HEAD_BYTES = 16;
const FLAGS = 7;
const PREVIOUS_IN_USE = 1;
/** What the main thread keeps aside for itself, as the first piece: numbers of pieces of 64 sizes (2.30 to 2.41). */
const ASIDE = { pieceBytes: 0x290, sizes: 64, leastBytes: 32, stepBytes: 16 } as const;

/** A process that is at work may be caught while it changes what is looked at. */
const LOOKS = 3;

/**
 * @param folder of a process below /proc
 * @returns bytes that malloc has present and nobody uses; null where it may not be looked into, or can't be told
 */
export async function lookIntoMalloc(folder: string): Promise<number | null> {
  let memory: FileHandle | undefined;
  try {
    memory = await open(join(folder, 'mem'), 'r');
    const file = memory;
    const read: ReadMemory = async (address, length) => {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, address);
      return buffer.subarray(0, bytesRead);
    };
    for (let look = 0; look < LOOKS; look++) {
      const free = await readMallocFree(await readFile(join(folder, 'smaps'), 'latin1'), read);
      if (free !== null) return free;
    }
    return null;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return null;
  } finally {
    await memory?.close();
  }
}

interface Mapping {
  readonly start: number;
  readonly end: number;
  /** Present, those shared with other processes divided among them. */
  bytes: number;
  readonly name: string;
  readonly access: string;
}

/**
 * @param smaps text of /proc/PID/smaps
 * @returns bytes that are present and not in use; null where there is no such malloc, too much of it, or it was at work
 */
export async function readMallocFree(smaps: string, read: ReadMemory): Promise<number | null> {
  const mappings = mappingsIn(smaps);
  const main = mappings.filter(({ name }) => name === '[heap]');
  const arenas = mappings.filter((mapping, i) => isArena(mapping, mappings[i + 1]));
  const all = [...main, ...arenas];
  if (all.length === 0 || all.reduce((sum, { start, end }) => sum + end - start, 0) > MOST_BYTES) return null;
  let free = 0;
  for (const mapping of all) {
    const used = await (mapping.name === '[heap]' ? usedInMain(mapping, read) : usedInArena(mapping, read));
    if (used === null) return null;
    // Pieces in use may lie on pages that nobody has touched yet, or that are in swap.
    free += Math.max(0, mapping.bytes - used);
  }
  return free;
}

const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)$/;
const PSS = /^Pss: +(\d+) kB$/;

function mappingsIn(smaps: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of smaps.split('\n')) {
    const mapping = MAPPING.exec(line);
    if (mapping) {
      const [, start = '', end = '', access = '', name = ''] = mapping;
      mappings.push({ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), bytes: 0, name, access });
    }
    const pss = PSS.exec(line);
    if (pss) mappings.at(-1)!.bytes = Number(pss[1]) * 1024;
  }
  return mappings;
}

/** What is in use comes first, and the rest of its 64 MiB can't be touched: no other mapping looks like that. */
const isArena = ({ start, end, name, access }: Mapping, next: Mapping | undefined): boolean =>
  access === 'rw-p' &&
  name === '' &&
  start % ARENA_BYTES === 0 &&
  next?.access === '---p' &&
  next.start === end &&
  next.end === start + ARENA_BYTES;

async function usedInMain({ start, end }: Mapping, read: ReadMemory): Promise<number | null> {
  const first = await read(start, HEAD_BYTES + 2 * ASIDE.sizes);
  const used = await usedFrom(start, end, read);
  if (used === null || first.length < HEAD_BYTES + 2 * ASIDE.sizes) return used;
  if ((first.readUInt32LE(8) & ~FLAGS) !== ASIDE.pieceBytes) return used;
  let aside = 0;
  for (let i = 0; i < ASIDE.sizes; i++) {
    aside += first.readUInt16LE(HEAD_BYTES + 2 * i) * (ASIDE.leastBytes + i * ASIDE.stepBytes);
  }
  return aside < used ? used - aside : used;
}

/**
 * An arena tells where its state lies, and pieces follow that. Where it has grown out of 64 MiB, this may be a part without state.
 * It also tells how large it is: what it gave back stays mapped.
 */
async function usedInArena({ start, end, bytes }: Mapping, read: ReadMemory): Promise<number | null> {
  const info = await read(start, INFO_BYTES);
  if (info.length < INFO_BYTES) return null;
  const state = Number(info.readBigUInt64LE(0));
  const sizeBytes = Number(info.readBigUInt64LE(16));
  if (state < start + INFO_BYTES || state >= end) return bytes;
  if (start + sizeBytes > end) return null;
  const first = Math.ceil((state + STATE_BYTES) / ALIGNMENT) * ALIGNMENT;
  return usedFrom(first, start + sizeBytes, read);
}

/** @returns bytes of pieces in use; null where the marks don't lead to the end: malloc was at work, or it is another one */
async function usedFrom(first: number, end: number, read: ReadMemory): Promise<number | null> {
  let used = 0;
  let window: Buffer = Buffer.alloc(0);
  let from = first;
  let at = first;
  let size = 0;
  for (;;) {
    // The mark of the next piece says whether this one is in use.
    if (at - from + HEAD_BYTES > window.length) {
      from = at;
      window = await read(at, Math.min(WINDOW_BYTES, end - at));
      if (window.length < HEAD_BYTES) return null;
    }
    const mark = window.readUInt32LE(at - from + 8);
    if ((mark & PREVIOUS_IN_USE) !== 0) used += size;
    size = (mark & ~FLAGS) >>> 0;
    const next = at + size;
    if (window.readUInt32LE(at - from + 12) !== 0 || size < HEAD_BYTES || size % ALIGNMENT !== 0 || next > end)
      return null;
    // The last one is what the next pieces are cut from.
    if (end - next < HEAD_BYTES) return used;
    at = next;
  }
}
