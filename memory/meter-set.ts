import type { LiveReadings } from '../core/ledger/live-readings.ts';
import {
  type Cgroup,
  type Established,
  type HeldSockets,
  isCollected,
  type MeterName,
  type ProcessTree,
  type Readings,
  type Runtime,
} from '../core/schemas/readings.ts';
import type { Collector } from '../core/values/runtimes.ts';
import { readCgroup } from './cgroup.ts';
import { readEstablished } from './established.ts';
import { type ExporterSource, openExporter, openMeterSockets, steady } from './exporter.ts';
import { readHeldSockets } from './held-sockets.ts';
import { readHost } from './host.ts';
import type { Inspector } from './inspector.ts';
import { readLiveTree } from './live-tree.ts';
import { askMeter, type MeterAnswer } from './meter.ts';
import { listTree, parentsNow, readProcessTree, readQuickMemory, type TreeOptions } from './process-tree.ts';
import { runtimeReader } from './runtime.ts';
import { readOrEstimateSlab } from './slab.ts';
import { sockstatOrMissing } from './sockstat.ts';
import { readUnixEnds } from './unix-ends.ts';

export interface MeterOptions {
  /** Roots of the target's process trees; empty when it isn't on this host, or not known. */
  readonly pids: readonly number[];
  /** Admin port of a reference server, for its heap. */
  readonly adminUrl?: string | undefined;
  readonly adminToken?: string | undefined;
  /** Processes of another server whose heaps can be asked for. They stay the caller's to close. */
  readonly inspectors?: readonly Inspector[];
  /** What else collects the target's garbage, and tells nothing of its heap. @throws Missing when it didn't */
  readonly forced?: { readonly by: Collector; force(): Promise<void> } | undefined;
  /** What tells about the target's memory, where it isn't ours to read; what is read here of it counts before that. */
  readonly exporter?: ExporterSource | undefined;
  /** The target's end of its connections doesn't lie in this machine's kernel. */
  readonly targetIsElsewhere?: boolean;
  /** Ports the target listens on; empty: no outside count. For a target elsewhere, its `connrig meter` counts. */
  readonly ports: readonly number[];
  /** Where it listens on them; undefined: connections to any address count. */
  readonly ip?: string | undefined;
  /** Where it listens at a Unix socket, in place of ports. */
  readonly socketPath?: string | undefined;
  /** Root of the client's process tree: our own process. The target's processes are left out of it. */
  readonly clientPid: number;
  /** How long the target's runtime may take to answer, in ms: a collection of a large heap takes seconds. */
  readonly runtimeTimeoutMs?: number;
}

/** For the live line: cheap counters, a little less exact than a full reading. */
export interface QuickReading {
  /** Anonymous memory of the target where the system counts it, else its RSS; null when unknown. */
  readonly targetBytes: number | null;
  readonly clientRssBytes: number | null;
}

export interface ReadOptions {
  /** Force a garbage collection in the target, where it can do that. */
  readonly gc?: boolean;
  /** A reading of a moment ago: the target's runtime isn't asked, and what it said then stands. */
  readonly after?: Readings;
  /** Count the connections from the kernel's list of them, which takes time for each. */
  readonly list?: boolean;
  /** How many are open, so that a target that has more files than those can be looked into; undefined: nobody looks. */
  readonly connections?: number;
}

export interface Meters {
  /**
   * Reads everything once. A collection comes first, then all other meters together; what they take together is the
   * reading's time. None of them looks at single connections, but for the list, which comes last and is timed alone.
   */
  read(options?: ReadOptions): Promise<Readings>;
  /**
   * Adds to a reading of a moment ago what only lists tell, so that it is as one that was asked for with `list` and
   * `connections`. Whom an exporter tells of, it is asked anew for all: it counts them there.
   */
  withLists(readings: Readings, connections: number): Promise<Readings>;
  /** Looks through the target's descriptors for the sockets it holds; null where they can't be seen. */
  readSockets(): Promise<HeldSockets | null>;
  /**
   * Asks the target's runtime often enough that the code that answers is compiled and optimized. Until it is, each answer
   * makes the heap grow, which would pass for the cost of connections that open in the meantime.
   */
  rehearse(): Promise<void>;
  /** Takes well under a millisecond: fine several times a second. Always null where there is no /proc. */
  readQuick(): QuickReading;
  /** Everything the kernel counts anyway of the processes at both ends: 0.1 ms for each of them. */
  readLive(): Pick<LiveReadings, 'target' | 'client'>;
  /**
   * Where the connections are: the kernel's list of them, and the target's open files, without anything else. For a target
   * elsewhere its exporter is asked. What can't be told is null.
   */
  readEnds(): Promise<Pick<Readings, 'established' | 'target' | 'remote'>>;
  /** What the target's runtime says of its heap now, without a collection; null when it can't be asked, or doesn't answer soon. */
  readHeap(): Promise<Runtime | null>;
}

/** A target of more processes than this is looked at no more often than once in so long: each has a file to read. */
const MANY_PROCESSES = 8;
const MANY_AGE_MS = 1000;
/** New processes of a tree show in quick readings within this time. */
const TREE_AGE_MS = 5000;

/** Files beyond its connections that say nothing of what a connection costs: logs, a few connections of others. */
const FEW_FILES = 16;
const FEW_SHARE = 0.02;

/**
 * A reference server's heap grows by 300 to 600 KB in steps, as the code that answers is compiled: the last step comes after 75 to
 * 85 answers. With 60 connections each step within the levels adds 5 KiB to what one costs.
 */
const REHEARSALS = 100;

/** A server that is busy for longer has better things to do than to tell about its heap. */
const HEAP_TIMEOUT_MS = 1000;

const isLinux = process.platform === 'linux';

export function openMeters(options: MeterOptions): Meters {
  const { pids, ports, ip, socketPath, clientPid, targetIsElsewhere = false, inspectors = [] } = options;
  const askRuntime = runtimeReader(options, options.runtimeTimeoutMs ?? 120_000);
  const askHeap = runtimeReader(options, HEAP_TIMEOUT_MS);
  const askExporter = options.exporter && steady(openExporter(options.exporter));
  const askSockets = options.exporter && openMeterSockets(options.exporter);
  const treeOfTarget = { except: [clientPid], malloc: inspectors.length > 0 };
  const treeOfClient = { except: pids };
  let quick: QuickReading & { readonly readAt: number } = {
    readAt: Number.NEGATIVE_INFINITY,
    targetBytes: null,
    clientRssBytes: null,
  };
  let trees = { target: [...pids], client: [clientPid], readAt: Number.NEGATIVE_INFINITY };

  /** Open files of the target when it had no connection of ours. */
  let filesAtRest = Number.NEGATIVE_INFINITY;

  async function read({ gc = false, after, list = false, connections }: ReadOptions = {}): Promise<Readings> {
    const missing = after?.missing.filter(({ meter }) => meter === 'runtime') ?? [];
    const meterMs: Readings['meterMs'] = after?.meterMs.runtime === undefined ? {} : { runtime: after.meterMs.runtime };
    const take = async <T>(meter: MeterName, read: () => Promise<T>): Promise<T | null> =>
      noted(meter, await askMeter(read), { missing, meterMs });
    let startedAt = performance.now();
    const runtime = after ? after.runtime : askRuntime ? await take('runtime', () => askRuntime(gc)) : null;
    const collectedBy = after ? after.collectedBy : gc ? await force() : undefined;
    // A collection is no part of the reading: it takes seconds in a large heap.
    if (gc) startedAt = performance.now();
    const [first] = pids;
    const parents = isLinux ? parentsNow() : new Map();
    const readTree = (roots: readonly number[], options: TreeOptions): Promise<ProcessTree> =>
      readProcessTree(roots, { ...options, parents });
    const ofTarget = first === undefined ? null : take('target', () => readTree(pids, treeOfTarget));
    const [target, client, sizes, sockstat, host, cgroup, told] = await Promise.all([
      ofTarget,
      take('client', () => readTree([clientPid], treeOfClient)),
      take('slab', readOrEstimateSlab),
      take('sockstat', sockstatOrMissing),
      take('host', () => readHost()),
      first === undefined || !isLinux ? null : ofTarget!.then((tree) => take('cgroup', () => readCgroupOf(tree))),
      askExporter ? take('exporter', () => askExporter(list && targetIsElsewhere ? ports : [])) : null,
    ]);
    if (told) missing.push(...told.missing);
    const readings: Readings = {
      target: target ?? told?.target ?? null,
      client,
      runtime,
      ...(collectedBy && { collectedBy }),
      slab: sizes?.slab ?? null,
      ...(sizes && { slabBasis: sizes.slabBasis }),
      sockstat,
      host,
      established: null,
      cgroup: cgroup ?? told?.cgroup ?? null,
      exporter: told?.exporter ?? null,
      // An exporter on this very machine tells of the kernel that is read here anyway.
      remote: targetIsElsewhere ? (told?.remote ?? null) : null,
      missing,
      tookMs: performance.now() - startedAt,
      meterMs,
    };
    return list ? addLists(readings, connections) : readings;
  }

  async function force(): Promise<Collector | undefined> {
    const { forced } = options;
    if (!forced) return undefined;
    // Levels without it are told by the report.
    return 'value' in (await askMeter(() => forced.force())) ? forced.by : undefined;
  }

  function readList(isNarrow: boolean): Promise<Established> | null {
    if (socketPath !== undefined) return readUnixEnds(socketPath);
    return ports.length > 0 && !targetIsElsewhere ? readEstablished(ports, { ip, isNarrow }) : null;
  }

  async function addLists(readings: Readings, connections?: number): Promise<Readings> {
    const { target: tree } = readings;
    const notes = { missing: [...readings.missing], meterMs: { ...readings.meterMs } };
    const listing = readList(false);
    const established = listing && noted('established', await askMeter(() => listing), notes);
    const sockets =
      tree && connections !== undefined && isToBeLookedInto(tree, connections) ? await readSockets() : null;
    return {
      ...readings,
      target: tree && sockets ? { ...tree, sockets } : tree,
      established,
      ...notes,
    };
  }

  const withLists = (readings: Readings, connections: number): Promise<Readings> =>
    askExporter ? read({ gc: isCollected(readings), list: true, connections }) : addLists(readings, connections);

  /** Without connections it is, or nothing could be said of what it has more of later. */
  function isToBeLookedInto({ openFiles }: ProcessTree, connections: number): boolean {
    if (openFiles === null) return false;
    if (connections === 0) filesAtRest = openFiles;
    return connections === 0 || openFiles - filesAtRest > connections + Math.max(FEW_FILES, FEW_SHARE * connections);
  }

  async function readSockets(): Promise<HeldSockets | null> {
    const measured = await askMeter(() =>
      pids.length > 0 && isLinux
        ? readHeldSockets(listTree(pids, treeOfTarget))
        : (askSockets?.() ?? Promise.resolve(null)),
    );
    return 'value' in measured ? measured.value : null;
  }

  const readCgroupOf = (tree: ProcessTree | null): Promise<Cgroup> => {
    const [first = 0, ...others] = pids;
    return readCgroup([first, ...others], tree?.pids ?? pids, treeOfTarget);
  };

  async function rehearse(): Promise<void> {
    for (let times = 0; askRuntime && times < REHEARSALS; times++) {
      if ('missing' in (await askMeter(() => askRuntime(false)))) return;
    }
  }

  function refreshTrees(now: number): void {
    if (now - trees.readAt <= TREE_AGE_MS) return;
    const parents = parentsNow();
    trees = {
      target: listTree(pids, { ...treeOfTarget, parents }),
      client: listTree([clientPid], { ...treeOfClient, parents }),
      readAt: now,
    };
  }

  function readLive(): Pick<LiveReadings, 'target' | 'client'> {
    if (!isLinux) return { target: null, client: null };
    refreshTrees(performance.now());
    return { target: readLiveTree(trees.target), client: readLiveTree(trees.client) };
  }

  async function readEnds(): Promise<Pick<Readings, 'established' | 'target' | 'remote'>> {
    const orNull = async <T>(read: () => Promise<T>): Promise<T | null> => {
      const measured = await askMeter(read);
      return 'value' in measured ? measured.value : null;
    };
    const listing = readList(true);
    const established = listing && (await orNull(() => listing));
    if (pids.length > 0 || !askExporter) return { established, target: readLive().target, remote: null };
    const told = await orNull(() => askExporter(targetIsElsewhere ? ports : []));
    return { established, target: told?.target ?? null, remote: told?.remote ?? null };
  }

  async function readHeap(): Promise<Runtime | null> {
    const answer = askHeap && (await askMeter(() => askHeap(false)));
    return answer && 'value' in answer ? answer.value : null;
  }

  function readQuick(): QuickReading {
    if (!isLinux) return { targetBytes: null, clientRssBytes: null };
    const now = performance.now();
    refreshTrees(now);
    if (trees.target.length <= MANY_PROCESSES || now - quick.readAt > MANY_AGE_MS) {
      quick = {
        readAt: now,
        targetBytes: readQuickMemory(trees.target)?.anonBytes ?? null,
        clientRssBytes: readQuickMemory(trees.client)?.rssBytes ?? null,
      };
    }
    return { targetBytes: quick.targetBytes, clientRssBytes: quick.clientRssBytes };
  }

  return { read, withLists, readSockets, rehearse, readQuick, readLive, readEnds, readHeap };
}

/** What a meter answered; how long it took, and why it didn't answer, go into the notes. */
function noted<T>(meter: MeterName, measured: MeterAnswer<T>, notes: Pick<Readings, 'missing' | 'meterMs'>): T | null {
  notes.meterMs[meter] = measured.tookMs;
  if ('value' in measured) return measured.value;
  notes.missing.push({ meter, why: measured.missing });
  return null;
}
