import { readFileSync } from 'node:fs';
import type { Slab, SlabCache } from '../core/schemas/readings.ts';
import { readStructSizes } from './btf.ts';
import { Missing } from './meter.ts';
import { readPageSize } from './page-size.ts';

/** How a cache lays out its objects, as its kernel code asks for it. Compared with what slabinfo shows on 6.18 alone. */
interface Layout {
  readonly struct: string;
  /** On cache lines: SLAB_HWCACHE_ALIGN. */
  readonly onLines: boolean;
  /**
   * With a pointer behind each object: the cache has a constructor, or its objects may be looked at after they were freed
   * (SLAB_TYPESAFE_BY_RCU).
   */
  readonly hasPointer: boolean;
}

const LAYOUTS = {
  TCP: { struct: 'tcp_sock', onLines: true, hasPointer: true },
  TCPv6: { struct: 'tcp6_sock', onLines: true, hasPointer: true },
  sock_inode_cache: { struct: 'socket_alloc', onLines: true, hasPointer: true },
  dentry: { struct: 'dentry', onLines: false, hasPointer: false },
  filp: { struct: 'file', onLines: true, hasPointer: false },
  eventpoll_epi: { struct: 'epitem', onLines: true, hasPointer: false },
  eventpoll_pwq: { struct: 'eppoll_entry', onLines: false, hasPointer: false },
  ep_head: { struct: 'epitems_head', onLines: false, hasPointer: false },
  tcp_bind_bucket: { struct: 'inet_bind_bucket', onLines: true, hasPointer: false },
  tcp_bind2_bucket: { struct: 'inet_bind2_bucket', onLines: true, hasPointer: false },
  tw_sock_TCP: { struct: 'tcp_timewait_sock', onLines: true, hasPointer: true },
  tw_sock_TCPv6: { struct: 'tcp6_timewait_sock', onLines: true, hasPointer: true },
  skbuff_head_cache: { struct: 'sk_buff', onLines: true, hasPointer: false },
  skbuff_fclone_cache: { struct: 'sk_buff_fclones', onLines: true, hasPointer: false },
  io_kiocb: { struct: 'io_kiocb', onLines: true, hasPointer: true },
} as const satisfies Partial<Record<SlabCache, Layout>>;

/**
 * Notes of security modules on an inode and on an open file: their sizes are added up when the machine starts, from the modules it
 * has. Seen: 32 and 24 bytes with none but the built-in ones; see SECURITY_NOTES in core/ledger/estimated-kernel.ts.
 */
const USUAL_NOTES: Slab = {
  lsm_inode_cache: { objects: 0, bytesPerObject: 32 },
  lsm_file_cache: { objects: 0, bytesPerObject: 24 },
};

const POINTER_BYTES = 8;
/** The allocator gives a cache slabs of up to 8 pages (PAGE_ALLOC_COSTLY_ORDER). */
const MOST_ORDER = 3;
/** How much of a slab may be left over, as a part of it: the first that any order meets. */
const LEFT_OVER = [16, 8, 4, 2];

/** What of the machine decides where objects lie. */
export interface SlabMachine {
  readonly pageSizeBytes: number;
  readonly cacheLineBytes: number;
  /** Processors that there may ever be. */
  readonly processors: number;
}

const BTF_PATH = '/sys/kernel/btf/vmlinux';
/** Once for a process, whatever came of it: readings come many times a second, and the types are 5 MB. */
let estimated: Slab | Missing | undefined;

/**
 * What kernel objects take, for those who may not read /proc/slabinfo: sizes of structs from the kernel's own type information,
 * which everybody may read, laid out as the SLUB allocator does. How many objects there are isn't known, and 0 stands for it.
 *
 * @throws Missing when this kernel has no such information
 */
export function estimateSlab(): Slab {
  estimated ??= tryEstimate();
  if (estimated instanceof Missing) throw estimated;
  return estimated;
}

function tryEstimate(): Slab | Missing {
  try {
    return slabFrom(readBtf(), readMachine());
  } catch (error) {
    if (error instanceof Missing) return error;
    throw error;
  }
}

function readBtf(): Buffer {
  try {
    return readFileSync(BTF_PATH);
  } catch {
    throw new Missing(`${BTF_PATH} is not there, or not ours to read`);
  }
}

/** @throws Missing when the sizes of sockets aren't in it */
export function slabFrom(btf: Buffer, machine: SlabMachine): Slab {
  let sizes: ReturnType<typeof readStructSizes<string>>;
  try {
    sizes = readStructSizes(
      btf,
      Object.values(LAYOUTS).map(({ struct }) => struct),
    );
  } catch (error) {
    if (error instanceof RangeError) throw new Missing(`types of this kernel can't be read: ${error.message}`);
    throw error;
  }
  const slab: Slab = { ...USUAL_NOTES };
  for (const [name, layout] of Object.entries(LAYOUTS) as Array<[keyof typeof LAYOUTS, Layout]>) {
    const structBytes = sizes[layout.struct];
    if (structBytes !== undefined) {
      slab[name] = { objects: 0, bytesPerObject: layOut(structBytes, layout, machine) };
    }
  }
  if (!slab.TCP || !slab.sock_inode_cache) throw new Missing("types of this kernel don't have its sockets among them");
  return slab;
}

/**
 * The cache of Unix stream sockets. Its objects have the size of others, and it is merged with theirs on most kernels, which
 * show none of its name then; but everybody is told how long they are (/proc/net/protocols).
 *
 * @returns nothing where nobody is
 */
export function unixSocketSlab(path = '/proc/net/protocols'): Slab {
  const bytes = Number(/^UNIX-STREAM\s+(\d+)/m.exec(readOr(path, ''))?.[1] ?? 0);
  if (bytes === 0) return {};
  const layout = { struct: 'unix_sock', onLines: true, hasPointer: false };
  return { 'UNIX-STREAM': { objects: 0, bytesPerObject: layOut(bytes, layout, readMachine()) } };
}

/** An object's share of the pages it lies on (mm/slub.c: calculate_sizes, calculate_order). */
function layOut(structBytes: number, { onLines, hasPointer }: Layout, machine: SlabMachine): number {
  const bytes = roundUp(structBytes, POINTER_BYTES) + (hasPointer ? POINTER_BYTES : 0);
  const objectBytes = roundUp(bytes, onLines ? alignmentFor(structBytes, machine.cacheLineBytes) : POINTER_BYTES);
  const slabBytes = machine.pageSizeBytes << findOrder(objectBytes, machine);
  return slabBytes / Math.floor(slabBytes / objectBytes);
}

/** Small objects share a line. */
function alignmentFor(structBytes: number, cacheLineBytes: number): number {
  let alignment = cacheLineBytes;
  while (structBytes <= alignment / 2) alignment /= 2;
  return Math.max(POINTER_BYTES, alignment);
}

/** @returns the binary logarithm of a slab's pages: as few as hold many enough objects with little left over */
function findOrder(objectBytes: number, { pageSizeBytes, processors }: SlabMachine): number {
  const mostObjects = Math.max(1, Math.floor((pageSizeBytes << MOST_ORDER) / objectBytes));
  const wanted = Math.min(4 * (Math.floor(Math.log2(processors)) + 2), mostObjects);
  const least = Math.max(0, Math.ceil(Math.log2((wanted * objectBytes) / pageSizeBytes)));
  for (const part of LEFT_OVER) {
    for (let order = least; order <= MOST_ORDER; order++) {
      const slabBytes = pageSizeBytes << order;
      if (slabBytes % objectBytes <= slabBytes / part) return order;
    }
  }
  return MOST_ORDER;
}

const roundUp = (bytes: number, step: number): number => Math.ceil(bytes / step) * step;

function readMachine(): SlabMachine {
  const lineBytes = Number(readOr('/sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size', '64'));
  const last = /(\d+)\s*$/.exec(readOr('/sys/devices/system/cpu/possible', '0'))?.[1] ?? '0';
  return { pageSizeBytes: readPageSize(), cacheLineBytes: lineBytes || 64, processors: Number(last) + 1 };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return otherwise;
  }
}
