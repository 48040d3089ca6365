/**
 * Runtimes that programs are written for, by how their heaps take memory. A reading of a process can't be finer than that:
 * what a heap holds as garbage, or keeps free for later, looks like what connections take, or hides it.
 */

/** How far the memory of one process may be off, at a level, from what is in use there. */
export interface HeapSlack {
  /** Up to so many bytes, whatever the heap holds. */
  readonly bytes: number;
  /** And up to this share of what the heap has grown by. */
  readonly ofGrowth: number;
}

export interface RuntimeTraits {
  /** For people. */
  readonly noun: string;
  /** Readings without a collection before them. */
  readonly uncollected: HeapSlack;
  /** Readings after a forced collection; null: none can be forced. */
  readonly collected: HeapSlack | null;
  /** What a person may do so that memory is told more finely; undefined where nothing can be done. */
  readonly remedy: string | undefined;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const RUNTIMES = {
  /**
   * malloc asks the kernel for 128 KiB more than it needs (glibc: M_TOP_PAD); what was not touched is in no reading.
   */
  native: {
    noun: 'a native program',
    uncollected: { bytes: 128 * KIB, ofGrowth: 0 },
    collected: null,
    remedy: undefined,
  },
  /**
   * New objects go to semi-spaces of up to 16 MiB (V8: --max-semi-space-size), two of which are touched before anything is
   * collected. After a collection pages of 256 KiB are given back whole or not at all.
   */
  node: {
    noun: 'Node.js',
    uncollected: { bytes: 32 * MIB, ofGrowth: 0 },
    collected: { bytes: 256 * KIB, ofGrowth: 0 },
    remedy: '--collect auto, so that its garbage is collected before memory is read',
  },
  /** The heap may double between collections (GOGC=100), and isn't collected below 4 MiB. */
  go: {
    noun: 'Go',
    uncollected: { bytes: 4 * MIB, ofGrowth: 0.5 },
    collected: { bytes: MIB, ofGrowth: 0 },
    remedy: 'import net/http/pprof in it, and --collect http://host:port/debug/pprof/heap?gc=1',
  },
  /** Young objects fill a space of their own, a third of a heap that begins with 1/64 of the machine's memory, before any is collected. */
  java: {
    noun: 'a Java virtual machine',
    uncollected: { bytes: 256 * MIB, ofGrowth: 0.5 },
    collected: null,
    remedy: 'more connections, or a small young generation (-Xmn8m)',
  },
  /** The budget of generation 0 is what the processor caches hold, and 256 KiB at the least. */
  dotnet: {
    noun: '.NET',
    uncollected: { bytes: 64 * MIB, ofGrowth: 0.5 },
    collected: null,
    remedy: 'more connections, or a small generation 0 (DOTNET_GCgen0size=0x400000)',
  },
  /** Objects go when nothing refers to them; arenas of 1 MiB (256 KiB before 3.10) are given back whole. */
  python: { noun: 'Python', uncollected: { bytes: MIB, ofGrowth: 0 }, collected: null, remedy: 'more connections' },
  /** Collected after 16 MiB were asked for, more and more with use (GC_MALLOC_LIMIT_MIN). */
  ruby: { noun: 'Ruby', uncollected: { bytes: 16 * MIB, ofGrowth: 0.4 }, collected: null, remedy: 'more connections' },
  /** Each process has a heap that grows by more than half of it; carriers are of up to 8 MiB. */
  erlang: {
    noun: 'the Erlang virtual machine',
    uncollected: { bytes: 8 * MIB, ofGrowth: 0.4 },
    collected: null,
    remedy: 'more connections',
  },
} as const satisfies Record<string, RuntimeTraits>;

export type RuntimeKind = keyof typeof RUNTIMES;
export const RUNTIME_KINDS = Object.keys(RUNTIMES) as [RuntimeKind, ...RuntimeKind[]];
