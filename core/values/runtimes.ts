/**
 * Runtimes that programs are written for, by how their heaps take memory. A reading of a process can't be finer than that:
 * what a heap holds as garbage, or keeps free for later, looks like what connections take, or hides it.
 */

/** Ways to have a process of somebody else's collect its garbage. */
export const COLLECTORS = ['inspector', 'jcmd', 'pprof'] as const;
export type Collector = (typeof COLLECTORS)[number];

export interface RuntimeTraits {
  /** For people. */
  readonly noun: string;
  /** null: nobody outside can force one, or there is no garbage. */
  readonly collection: {
    readonly by: Collector;
    /** Goes on with "its garbage is collected". */
    readonly how: string;
    /** What that changes in the process. */
    readonly perturbs: string;
  } | null;
  /**
   * How far the memory of one process may be off, at a level, from what it needs there. What garbage grows by with every connection
   * isn't in it: a heap that doubles before it is collected takes that memory for good.
   */
  readonly slackBytes: {
    /** Without a collection before the reading. */
    readonly uncollected: number;
    /** After a forced one; null: none can be forced. */
    readonly collected: number | null;
  };
  /** What a person may do so that memory is told more finely, as a noun: goes on with "would tell"; undefined where nothing can be done. */
  readonly remedy: string | undefined;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const RUNTIMES = {
  /**
   * What malloc asks for ahead is in no reading until it is touched, and what it has free is used up by the first connections. Seen:
   * 4 KiB in a server of one thread in C over 160 connections, 19 KiB in one in Rust over 400.
   */
  native: {
    noun: 'a native program',
    collection: null,
    slackBytes: { uncollected: 32 * KIB, collected: null },
    remedy: undefined,
  },
  /**
   * New objects go to semi-spaces of up to 16 MiB (V8: --max-semi-space-size), two of which are touched before anything is
   * collected. After a collection, and with what malloc has free, 500 connections of three servers were off by 100 KiB at most.
   */
  node: {
    noun: 'Node.js',
    collection: {
      by: 'inspector',
      how: 'through its inspector, which SIGUSR1 opens',
      perturbs: 'it stands still for 10 ms and 5 µs a connection, and its young generation shrinks',
    },
    slackBytes: { uncollected: 32 * MIB, collected: 128 * KIB },
    remedy: '--collect auto, which has its garbage collected before memory is read',
  },
  /** V8 as well, and no inspector unless it was started with one. */
  deno: {
    noun: 'Deno',
    collection: null,
    slackBytes: { uncollected: 32 * MIB, collected: null },
    remedy: 'a small young generation (--v8-flags=--max-semi-space-size=1), or more connections',
  },
  /** JavaScriptCore: it collects when the heap has grown by as much as it held, and by 32 MiB at the least. */
  bun: {
    noun: 'Bun',
    collection: null,
    slackBytes: { uncollected: 64 * MIB, collected: null },
    remedy: 'bun --smol, which collects more often, or more connections',
  },
  /** The heap may double between collections (GOGC=100), and isn't collected below 4 MiB: 500 connections were off by up to 3.4 MiB. */
  go: {
    noun: 'Go',
    collection: {
      by: 'pprof',
      how: 'by its own net/http/pprof, asked with ?gc=1',
      perturbs: 'one collection, and some 100 KiB for the profile; all goroutines stand still for less than 1 ms',
    },
    slackBytes: { uncollected: 4 * MIB, collected: MIB },
    remedy: 'net/http/pprof in it and --collect http://host:port/debug/pprof/heap?gc=1, or more connections',
  },
  /**
   * Young objects fill a space of their own, a third of a heap that begins with 1/64 of the machine's memory, before any is collected.
   * Collected, 500 connections were off by up to 1.7 MiB.
   */
  java: {
    noun: 'a Java virtual machine',
    collection: {
      by: 'jcmd',
      how: 'by jcmd of its own JDK (GC.run)',
      perturbs: 'it stands still for some 10 ms, and its heap shrinks; a thread to attach stays',
    },
    slackBytes: { uncollected: 256 * MIB, collected: 4 * MIB },
    remedy: '--collect auto where a JDK is installed, or more connections',
  },
  /** The budget of generation 0 is what the processor caches hold, and 256 KiB at the least. */
  dotnet: {
    noun: '.NET',
    collection: null,
    slackBytes: { uncollected: 64 * MIB, collected: null },
    remedy: 'a small generation 0 (DOTNET_GCgen0size=0x400000), or more connections',
  },
  /** Objects go when nothing refers to them; arenas of 1 MiB (256 KiB before 3.10) are given back whole: off by up to 0.3 MiB. */
  python: {
    noun: 'Python',
    collection: null,
    slackBytes: { uncollected: MIB, collected: null },
    remedy: 'more connections',
  },
  /** Collected after 16 MiB were asked for, more and more with use (GC_MALLOC_LIMIT_MIN). */
  ruby: {
    noun: 'Ruby',
    collection: null,
    slackBytes: { uncollected: 16 * MIB, collected: null },
    remedy: 'more connections',
  },
  /** Each process has a heap that grows by more than half of it; carriers are of up to 8 MiB. */
  erlang: {
    noun: 'the Erlang virtual machine',
    collection: null,
    slackBytes: { uncollected: 8 * MIB, collected: null },
    remedy: 'more connections',
  },
} as const satisfies Record<string, RuntimeTraits>;

export type RuntimeKind = keyof typeof RUNTIMES;
export const RUNTIME_KINDS = Object.keys(RUNTIMES) as [RuntimeKind, ...RuntimeKind[]];

/** How far each process may be off from what it needs, in bytes; 0 where the runtime isn't known. */
export function heapSlackBytes(kind: RuntimeKind | null, isCollected: boolean): number {
  if (kind === null) return 0;
  const { uncollected, collected }: RuntimeTraits['slackBytes'] = RUNTIMES[kind].slackBytes;
  return isCollected ? (collected ?? uncollected) : uncollected;
}
