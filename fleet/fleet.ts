import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { BehaviourPlan } from '../core/behaviours/behaviours.ts';
import type { DataOrder } from '../core/opening/data-order.ts';
import type { OpeningPlan } from '../core/opening/plan.ts';
import type { CloseMode } from '../core/schemas/leg.ts';
import type { ShareResidual } from '../core/schemas/share-residual.ts';
import type { ShareState } from '../core/schemas/share-state.ts';
import { HISTOGRAM_BUCKETS, sumHistograms } from '../core/stats/histogram.ts';
import type { SlowEnds } from './behaviours/behaviour.ts';
import { RUN_NUMBERS } from './behaviours/time-mark.ts';
import { type Broadcasts, openBroadcasts, type Publishing } from './broadcasts.ts';
import type { Destination } from './engines/engine.ts';
import type { FleetLayout } from './local/layout.ts';
import { watchLoopDescriptors } from './local/left-descriptors.ts';
import { allocateWorkerBuffers, monotonicClock, SharedOrder, SharedWindow, TallyReader } from './local/shared.ts';
import type { IdentityOptions } from './opening/identities.ts';
import { Numbers } from './opening/numbers.ts';
import type { SharedRows } from './opening/rows.ts';
import type { ProtocolOptions } from './protocols/index.ts';
import { shareOfBehaviour } from './share-of-behaviour.ts';
import type { Agreement } from './transports/tls/tls-options.ts';
import { BY_RESET, type HistogramName, type Order, type Tally, type Trouble, type Vanished } from './wire.ts';
import type { Securing } from './worker/make-engine.ts';
import type { WorkerData, WorkerMessage } from './worker/worker.ts';

export interface FleetOptions {
  /** What each thread runs: it gives {@link work} what a worker is told, and what a thread does for it. */
  readonly threadEntry: URL;
  readonly layout: FleetLayout;
  readonly protocol: ProtocolOptions;
  /** How connections are secured; undefined: they are plain. */
  readonly securing?: Securing | undefined;
  /** The most connections the whole fleet will hold. */
  readonly capacity: number;
  /** Attempts in flight at any one time, over the whole fleet. */
  readonly window: number;
  /** The same while connections come back that were cut: many at once are what a storm is. As the one above unless said. */
  readonly returnWindow?: number | undefined;
  /** The same for closes. */
  readonly closeWindow: number;
  readonly openTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly destinations: readonly Destination[];
  readonly close: CloseMode;
  /** What connections are told apart by; undefined: they all say the same. */
  readonly identity?: FleetIdentity | undefined;
  /** What is said on each connection before it counts as open, and then; it asks for an `identity`. */
  readonly opening?: OpeningPlan | undefined;
  /** What the whole fleet does. */
  readonly behaviour: BehaviourPlan;
  /** How messages are published, where the behaviour is that one publishes to all; undefined: as the plan says, and as they are. */
  readonly publishing?: Publishing | undefined;
  /** Where this fleet is one of several that a run has; undefined: it is the only one. */
  readonly marks?: FleetMarks | undefined;
}

/** Which of the fleets of a run this one is: it is the `first`-th, from 0, of `step`. So no two connections of the run have the same number. */
export interface FleetMarks {
  /** What all fleets of the run have in common; below `RUN_NUMBERS` of behaviours/time-mark.ts. */
  readonly run: number;
  readonly first: number;
  readonly step: number;
}

/** What tells connections of a fleet apart: a row for each, values of the environment that are hidden. */
export interface FleetIdentity {
  readonly rows: SharedRows | undefined;
  readonly order: DataOrder;
  readonly secrets: readonly string[];
}

/** What a fleet has to say beside its counts. */
export interface FleetEvents {
  /** What went wrong with a connection, each different thing once per worker. */
  readonly onTrouble: (trouble: Trouble) => void;
  /** What connections agreed on with the target about TLS, each different agreement once. */
  readonly onAgreed: (agreement: Agreement) => void;
  /** Which connections read slowly from now on: our ends of them, once from each worker. */
  readonly onSlow?: (ends: readonly SlowEnds[]) => void;
  /** Connections that have just vanished; see {@link Fleet.vanished}. */
  readonly onVanished?: (some: readonly Vanished[]) => void;
  /** A worker died of an error of ours; nothing can be concluded from the run any more. */
  readonly onDefect: (error: Error) => void;
}

/** Everything that holds the connections of one leg. */
export interface Fleet {
  /**
   * Pursue so many open connections, at this pace.
   * @param startedAtMs when the ramp begins, by `monotonicClock`; now, unless said
   * @returns the order's number, for {@link confirmed}
   */
  pursue(wanted: number, perSecond: number, startedAtMs?: number): number;
  /** Whether open connections do what their behaviour says, or keep still; still at first. @returns the order's number */
  setTalking(talking: boolean): number;
  /**
   * Has the behaviour begin its episode with the connections that are open, or the next act of it. Another number that is to be pursued
   * ends it.
   * @returns the order's number
   */
  beginEpisode(): number;
  /** Those that have vanished since the last episode began, as far as their workers have told: see `vanished` of the tally. */
  vanished(): readonly Vanished[];
  /** The counts of all workers, as they are now. Cheap: it reads shared memory. */
  tally(): Tally;
  histogram(name: HistogramName): Uint32Array;
  /** How the shares of other machines stand that have reported; absent where this machine holds all. */
  shares?(): readonly ShareState[];
  /** What each of them came to since the ramp to the level began. */
  residuals?(): readonly ShareResidual[];
  /** Has workers elsewhere tell at once what they have counted: it is in the tally when this is confirmed. @returns the order's number */
  refresh(): number;
  /** What is published and received; undefined where nobody publishes. */
  readonly broadcasts: Broadcasts | undefined;
  /** Resolves when every worker has taken up this order, or a later one; or when one has ended, and never will. */
  confirmed(order: number): Promise<void>;
  /** Whether connections may be open that no count has any more: those of a machine that was lost. Absent: there are none. */
  hasStrays?(): boolean;
  /** A full garbage collection in every worker; resolves when done, or when a worker has ended and never will be. */
  collectGarbage(): Promise<void>;
  /** Gives up what is opening, closes what is open, ends all workers. Idempotent. @param how in order, unless said */
  stop(how?: 'in-order' | 'by-reset'): Promise<void>;
}

/**
 * Workers keep their connections in typed arrays outside the heap and make little garbage. A small young generation costs
 * them nothing, and fifty small ones take much less than fifty of the usual size.
 */
const WORKER_HEAP = { maxYoungGenerationSizeMb: 2 };
/** An idle worker looks for orders every 4 to 50 ms. */
const CONFIRM_POLL_MS = 5;
/** Beyond this, workers that don't end are ended: their sockets go with them. */
const STOP_GRACE_MS = 5000;
/** More than can be closed in order within the grace are not even tried: whoever stops a run of a million waits already. */
const CLOSED_IN_ORDER_MOST = 50_000;

/** Starts the worker threads of one leg. */
export async function startFleet(options: FleetOptions, events: FleetEvents): Promise<Fleet> {
  const { layout } = options;
  const now = monotonicClock();
  const orderBuffer = SharedOrder.allocate();
  const shared = new SharedOrder(orderBuffer);
  let order: Order = { wanted: 0, perSecond: 1, startedAtMs: now(), stop: 0, collections: 0, talking: 0, episodes: 0 };
  const give = (change: Partial<Order>): number => {
    order = { ...order, ...change };
    shared.write(order);
    return shared.version;
  };
  give({});

  const opening = SharedWindow.allocate();
  const closing = SharedWindow.allocate();
  const collecting = SharedWindow.allocate();
  const buffers = Array.from({ length: layout.workers }, allocateWorkerBuffers);
  const tallies = new TallyReader(buffers);
  const { run, first, step } = options.marks ?? { run: randomInt(RUN_NUMBERS), first: 0, step: 1 };
  const { behaviour, publishing = { request: undefined, template: undefined } } = options;
  const broadcasts =
    behaviour.kind === 'broadcast'
      ? openBroadcasts(behaviour, publishing, { workers: layout.workers, run, now })
      : undefined;
  const workerCapacity = Math.ceil(options.capacity / layout.workers) + layout.lanes;
  const identity = options.identity && shareIdentity(options, workerCapacity);
  const online = layout.ownTables ? watchLoopDescriptors(layout.workers) : undefined;
  const workers = buffers.map((own, index) => {
    // Numbers among all workers of the run: those of one fleet are as many apart as there are fleets.
    const among = { first: first + step * index, step: step * layout.workers };
    const workerData: WorkerData = {
      engine: layout.engine,
      ownTable: layout.ownTables,
      portRange: layout.portRange,
      protocol: options.protocol,
      openingPlan: options.opening,
      securing: options.securing,
      holder: {
        capacity: workerCapacity,
        window: options.window,
        returnWindow: options.returnWindow,
        closeWindow: options.closeWindow,
        openTimeoutMs: options.openTimeoutMs,
        closeTimeoutMs: options.closeTimeoutMs,
        close: options.close,
        behaviour: shareOfBehaviour(options.behaviour, layout.workers),
        identity: identity && { ...identity, ...among, fleet: { first, step } },
        marks: { run, ...among },
        destinations: options.destinations,
        sources: layout.sources,
        index,
      },
      workers: layout.workers,
      lanes: layout.lanes,
      capacity: options.capacity,
      order: orderBuffer,
      opening,
      closing,
      collecting,
      buffers: own,
      broadcasts: broadcasts?.forWorker(index),
    };
    return new Worker(options.threadEntry, { workerData, resourceLimits: WORKER_HEAP });
  });
  const onAgreed = onceEach(events.onAgreed);
  let vanished: Vanished[] = [];
  const onVanished = (some: readonly Vanished[]): void => {
    vanished.push(...some);
    events.onVanished?.(some);
  };
  const ended = workers.map((worker) => endOf(worker, { ...events, onAgreed, onVanished }));
  await Promise.all(workers.map((worker) => once(worker, 'online')));
  const closeLeft = online?.();

  let someEnded = false;
  void Promise.race(ended).then(() => {
    someEnded = true;
  });
  let stopping: Promise<void> | undefined;
  return {
    pursue: (wanted, perSecond, startedAtMs = now()) => give({ wanted, perSecond, startedAtMs }),
    broadcasts,
    setTalking(talking) {
      broadcasts?.setTalking(talking);
      return give({ talking: talking ? 1 : 0 });
    },
    beginEpisode() {
      vanished = [];
      return give({ episodes: order.episodes + 1 });
    },
    vanished: () => vanished,
    tally: () => tallies.read(),
    // It reads what workers write.
    refresh: () => 0,
    histogram: (name) => {
      const parts = buffers.map(({ histograms }) => new Uint32Array(histograms[name], 0, HISTOGRAM_BUCKETS));
      return sumHistograms(parts);
    },
    async confirmed(number) {
      while (tallies.readLeast('orderSeen') < number && !stopping && !someEnded) await delay(CONFIRM_POLL_MS);
    },
    async collectGarbage() {
      // The ramp is left as it is: only the number of collections changes.
      give({ collections: order.collections + 1 });
      while (tallies.readLeast('collections') < order.collections && !stopping && !someEnded) await delay(5);
    },
    stop(how = 'in-order') {
      stopping ??= (async () => {
        broadcasts?.stop();
        give({ wanted: 0, perSecond: 1e6, startedAtMs: now(), stop: how === 'in-order' ? 1 : BY_RESET });
        const patience = new AbortController();
        const isTooMuch = how === 'in-order' && tallies.read().open > CLOSED_IN_ORDER_MOST;
        const graceMs = isTooMuch ? 0 : STOP_GRACE_MS;
        const late = delay(graceMs, undefined, { signal: patience.signal }).catch(() => {});
        await Promise.race([Promise.all(ended), late]);
        patience.abort();
        await Promise.all(workers.map((worker) => worker.terminate()));
        closeLeft?.();
      })();
      return stopping;
    },
  };
}

/** Numbers for all that can be alive at once; for no more than there are rows where each has its own. */
function shareIdentity(
  options: FleetOptions,
  workerCapacity: number,
): Omit<IdentityOptions, 'first' | 'step' | 'fleet'> {
  const { rows, order, secrets } = options.identity!;
  const slots = options.layout.workers * (workerCapacity + 2 * options.window);
  const total = rows && order === 'each' ? rows.count : slots;
  return { numbers: Numbers.allocate(total), total, rows, order, secrets, seed: randomInt(2 ** 32) };
}

/** Resolves when a worker has ended, however it did. */
function endOf(
  worker: Worker,
  { onTrouble, onAgreed, onSlow, onDefect, onVanished }: FleetEvents & { onVanished(some: readonly Vanished[]): void },
): Promise<void> {
  worker.on('message', (message: WorkerMessage) => {
    if (message.type === 'trouble') onTrouble(message.trouble);
    else if (message.type === 'agreed') onAgreed(message.agreement);
    else if (message.type === 'slow') onSlow?.(message.ends);
    else if (message.type === 'vanished') onVanished(message.some);
  });
  worker.on('error', onDefect);
  return new Promise((resolve) => worker.once('exit', () => resolve()));
}

/** Workers come to the same agreement, as a rule. */
function onceEach(tell: (agreement: Agreement) => void): (agreement: Agreement) => void {
  const told = new Set<string>();
  return (agreement) => {
    const key = JSON.stringify(agreement);
    if (told.has(key)) return;
    told.add(key);
    tell(agreement);
  };
}
