/**
 * A fleet worker: one thread, one engine, one protocol, and the loop that lets them run. Everything it is told comes
 * from the shared order, everything it shows goes through shared counters; messages carry only troubles in words.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { OpeningPlan } from '../../core/opening/plan.ts';
import { type Fill, fillShare } from '../../core/values/plan.ts';
import type { SlowEnds } from '../behaviours/behaviour.ts';
import type { EngineOptions } from '../engines/engine-options.ts';
import type { EngineName } from '../engines/index.ts';
import {
  monotonicClock,
  SharedOrder,
  SharedWindow,
  TallyWriter,
  type WorkerBroadcasts,
  type WorkerBuffers,
} from '../local/shared.ts';
import type { ProtocolOptions } from '../protocols/index.ts';
import type { Agreement } from '../transports/tls/tls-options.ts';
import { COUNTER, HISTOGRAMS, type HistogramName, type Trouble, type Vanished } from '../wire.ts';
import { Holder } from './holder.ts';
import type { HolderOptions } from './holder-options.ts';
import type { Lived } from './lifetimes.ts';
import { makeEngine, type Securing } from './make-engine.ts';
import { makeProtocol } from './make-protocol.ts';

/** What a worker is given when it starts. */
export interface WorkerData {
  readonly engine: EngineName;
  /** Give this thread a descriptor table of its own. */
  readonly ownTable: boolean;
  readonly portRange: EngineOptions['portRange'];
  readonly protocol: ProtocolOptions;
  /** What is said first on each connection, and then; it comes with the holder's `identity`. */
  readonly openingPlan: OpeningPlan | undefined;
  readonly securing: Securing | undefined;
  readonly holder: HolderOptions;
  readonly workers: number;
  readonly lanes: number;
  /** Connections of the whole fleet. */
  readonly capacity: number;
  readonly order: SharedArrayBuffer;
  readonly opening: SharedArrayBuffer;
  readonly closing: SharedArrayBuffer;
  readonly collecting: SharedArrayBuffer;
  readonly buffers: WorkerBuffers;
  /** undefined where nobody publishes. */
  readonly broadcasts: WorkerBroadcasts | undefined;
}

export type WorkerMessage =
  | { readonly type: 'trouble'; readonly trouble: Trouble }
  | { readonly type: 'vanished'; readonly some: readonly Vanished[] }
  | { readonly type: 'agreed'; readonly agreement: Agreement }
  | { readonly type: 'slow'; readonly ends: readonly SlowEnds[] }
  | { readonly type: 'ended' };

/**
 * Idle turns: long enough to cost nothing, short enough that an order is taken up at once by human measure. After an order
 * others follow soon, as a rule: so turns begin short, and grow with the time since the last one.
 */
const IDLE_TURN_MS = { least: 4, most: 50 };
const IDLE_SHARE = 1 / 8;
/** Between two looks whether it is this worker's turn to collect its garbage. */
const WAIT_MS = 5;
/** Different troubles told per worker; a target that answers something else each time must not flood the record. */
const MOST_TROUBLES = 100;

/** What the thread that a worker runs in does for it. */
export interface WorkerThread {
  /** To the thread that has the fleet. */
  readonly tell: (message: WorkerMessage) => void;
  /** A full collection of this thread's own garbage. */
  readonly collectGarbage: () => Promise<void>;
}

/** Holds connections until it is told to end; nothing of it is left then. */
export async function work(data: WorkerData, { tell, collectGarbage }: WorkerThread): Promise<void> {
  const tally = new TallyWriter(data.buffers.tally);
  const histograms = Object.fromEntries(
    HISTOGRAMS.map((name) => [name, new Uint32Array(data.buffers.histograms[name])]),
  ) as Record<HistogramName, Uint32Array>;
  const opening = new SharedWindow(data.opening, data.holder.window);
  // The same attempts, with another bound.
  const returning = new SharedWindow(data.opening, data.holder.returnWindow ?? data.holder.window);
  const closing = new SharedWindow(data.closing, data.holder.closeWindow);
  // A collection takes 1.5 MB for a moment: in fifty workers at once that would be the client's peak.
  const collecting = new SharedWindow(data.collecting, data.lanes);
  const now = monotonicClock();
  const windows = { opening, returning, closing };
  const holder = new Holder(data.holder, {
    tally,
    ...windows,
    histograms,
    broadcasts: data.broadcasts,
    now,
    onTrouble: onceEach(tell),
    onSlow: (ends) => tell({ type: 'slow', ends }),
    tellVanished: (some) => tell({ type: 'vanished', some }),
    vanish: data.holder.behaviour.kind === 'vanish' ? (await import('../engines/vanisher.ts')).loadVanish() : undefined,
  });
  const { portRange, ownTable, securing } = data;
  const worker = { index: data.holder.index, count: data.workers };
  const engine = await makeEngine(
    { name: data.engine, options: { slots: holder.slotCount, portRange, worker }, ownTable, securing },
    holder,
    (agreement) => tell({ type: 'agreed', agreement }),
  );
  holder.attach(engine, await makeProtocol(data.protocol, data.openingPlan, holder, now));

  // What loading the code left behind must not be the peak either, once for each worker.
  while (!collecting.enter()) await delay(WAIT_MS);
  await collectGarbage();
  collecting.leave();

  const shared = new SharedOrder(data.order);
  let seen = -1;
  let rampStartedAtMs = Number.NaN;
  let collections = 0;
  const fillOf = (wanted: number): Fill =>
    fillShare(wanted, data.capacity, data.holder.index, data.workers, data.lanes);
  let fill = fillOf(0);
  let orderedAtMs = now();
  for (;;) {
    if (shared.version !== seen) {
      const { order, version } = shared.read();
      seen = version;
      orderedAtMs = now();
      // An order may only ask for a collection: the ramp goes on as it was then.
      if (order.startedAtMs !== rampStartedAtMs) {
        rampStartedAtMs = order.startedAtMs;
        const perSecond = order.perSecond / data.lanes;
        const { share, before } = fillOf(order.wanted);
        // It is this worker's turn when those before it in its lane have done theirs.
        const waitMs = (Math.abs(before - fill.before) * 1000) / perSecond;
        holder.aim({ ...order, startedAtMs: order.startedAtMs + waitMs }, share, perSecond);
        fill = { share, before };
      }
      holder.conduct(order);
      collections = order.collections;
      tally.set(COUNTER.orderSeen, version);
    }
    if (tally.get(COUNTER.collections) < collections && collecting.enter()) {
      await collectGarbage();
      collecting.leave();
      tally.set(COUNTER.collections, collections);
    }
    const nextInMs = holder.step();
    tally.publish();
    // A turn ends when something happens on a socket; only orders and deadlines have to be looked for.
    const idleMs = Math.max(IDLE_TURN_MS.least, Math.min(IDLE_TURN_MS.most, (now() - orderedAtMs) * IDLE_SHARE));
    const pause = engine.turn(Math.min(nextInMs, idleMs), holder.gatherMs);
    if (pause) await pause;
    if (holder.isDone) break;
  }
  tally.publish();
  await engine.dispose();
  tell({ type: 'ended' });
}

function onceEach(
  tell: (message: WorkerMessage) => void,
): (what: Trouble['what'], detail: string, lived?: Lived) => void {
  const told = new Set<string>();
  return (what, detail, lived) => {
    const key = `${what} ${detail}`;
    if (told.size >= MOST_TROUBLES || told.has(key)) return;
    told.add(key);
    tell({ type: 'trouble', trouble: { what, detail, ...lived } });
  };
}
