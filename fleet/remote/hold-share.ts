/** The process that holds the connections of a share, on behalf of the one that has its lease; see lease.ts. */
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SLOW_ACTS } from '../../core/behaviours/slow.ts';
import { RigError } from '../../core/values/errors.ts';
import type { Destination } from '../engines/engine.ts';
import { whyNot } from '../engines/index.ts';
import { type Fleet, type FleetEvents, startFleet } from '../fleet.ts';
import { layoutFleet } from '../local/layout.ts';
import { monotonicClock } from '../local/shared.ts';
import type { SharedRows } from '../opening/rows.ts';
import { OrderTaker } from './carry-out.ts';
import { watchConductor } from './conductor-key.ts';
import { saySlow, sayVanished } from './ends-said.ts';
import { closeFence, type Fence } from './fence.ts';
import { fillVariables, hideSecrets } from './fill-variables.ts';
import { followOrders } from './follow-orders.ts';
import { loadRedis } from './load.ts';
import { ENTRY_FIELD, type FleetOrder, fleetKeys, type ShareEvent } from './messages.ts';
import { followOffset } from './redis-clock.ts';
import { Reporter } from './reporter.ts';
import { fetchRows } from './rows-in-redis.ts';
import { toSpoken, type Voice } from './said.ts';
import { openPlan, type SharePlan } from './share-plan.ts';
import type { Charge, Ending, ToHolder } from './share-process.ts';

/** Nobody leaves a million sockets on somebody's server: without a conductor all are closed in so long, or faster. */
const DRAIN_MOST_MS = 8000;
const DRAIN_GRACE_MS = 1000;
/** What is said at the end is not waited for longer, where Redis may be out of reach. */
const LAST_WORDS_MS = 1000;
const EVENTS_MOST = 1000;
/** Connections are reset one by one for this part of the fence's time, then the kernel closes what is left. */
const LAST_RESORT_PART = 0.3;

/** What the process that has the lease says while the share is held; `onLeaseGone`: it has ended, and renews nothing. */
export interface LeaseHolder {
  onMessage(handler: (message: ToHolder) => void): void;
  onLeaseGone(handler: () => void): void;
  /** A line for people. */
  say(line: string): void;
  /** Ends this process at once, whatever is still open. */
  exit(): void;
}

/**
 * Holds a share until it is over; nothing of it is open then.
 *
 * @param threadEntry as in `FleetOptions`
 * @throws RigError EFLEETPLAN, where it can't be held here; a defect of ours
 */
export async function holdShare(charge: Charge, lease: LeaseHolder, threadEntry: URL): Promise<Ending> {
  const { job, host, worker, redisUrl, redisCa, prefix, own } = charge;
  const keys = fleetKeys(prefix, job.run);
  const over = whichComesFirst();
  // Before anything can be open.
  const fence = closeFence(charge.fenceMs, charge.renewedAtMs, () => over.end('fenced'));
  heed(lease, fence, over);
  // Well before the lease can be somebody else's.
  void over.fenced.then(() => setTimeout(lease.exit, charge.fenceMs * LAST_RESORT_PART).unref());
  const { connect } = await loadRedis(redisUrl, redisCa);
  const [redis, listening] = [connect(), connect()];
  const voice: Voice = { token: own.token, run: job.run };
  const say = (event: ShareEvent): Promise<unknown> =>
    redis.xadd(keys.events, 'MAXLEN', '~', EVENTS_MOST, '*', ENTRY_FIELD, toSpoken(event, 'event', voice));
  const tell = (event: ShareEvent): void => void say(event).catch(() => {});
  const { share } = job;
  let fleet: Fleet | undefined;
  const stopping = new AbortController();
  try {
    const plan = openPlan(job, own.token);
    const hide = hideSecrets(plan, own.env);
    const columns = plan.identity?.columns;
    const rows = columns && (await fetchRows(redis, `${keys.rows}:${share}`, { ...voice, share, columns }));
    fleet = await startShare(charge, fillVariables(plan, own.env), rows, threadEntry, {
      onTrouble: ({ detail, ...trouble }) => tell({ type: 'trouble', share, host, detail: hide(detail), ...trouble }),
      onAgreed: (agreement) => tell({ type: 'agreed', share, host, agreement }),
      onSlow: (ends) => {
        for (const some of saySlow(ends)) tell({ type: 'slow', share, ends: some });
      },
      onVanished: (some) => {
        tell({ type: 'vanished', share, episode: taker.episode, some: sayVanished(some, clock.now().offsetMs) });
      },
      onDefect: over.fail,
    });
    const now = monotonicClock();
    // Redis may be out of reach now: then the fence decides.
    const prepared = Promise.all([followOffset(redis), redis.hincrby(keys.generations, String(share), 1)]);
    prepared.catch(over.fail);
    const ready = await Promise.race([prepared, over.ending.then(() => undefined)]);
    if (ready === undefined) return await finish(await over.ending, fleet);
    const [clock, generation] = ready;
    const taker = new OrderTaker(
      fleet,
      share,
      plan.behaviour.kind === 'slow' ? SLOW_ACTS : 1,
      (micros) => micros / 1000 - clock.now().offsetMs,
      now,
    );
    const of = { share, generation, host };
    const reporter = new Reporter({ fleet, taker, redis, key: keys.reports, of: { ...of, worker }, clock, voice });
    tell({ type: 'ready', ...of, worker, capacity: charge.capacity, cores: charge.machine.cores });
    const onForeign = (): void =>
      lease.say(`an order of run ${job.run} in Redis was not written by its conductor: it is left out`);
    const take = (order: FleetOrder): void => {
      if (order.epoch > job.epoch) over.end('superseded');
      else if (order.epoch === job.epoch && order.stop) over.end('stopped');
      else if (order.epoch === job.epoch) taker.take(order);
    };
    const { signal } = stopping;
    void watchConductor(redis, keys.conductor, clock, { ...voice, epoch: job.epoch }, signal, {
      // What an old run has left behind in Redis is not carried out.
      onThere: () => {
        followOrders(listening, keys.orders, voice, { take, onForeign }, signal).catch(over.fail);
      },
      onGone: () => over.end('drained'),
    });
    const ending = await over.ending.finally(() => {
      clock.stop();
      reporter.stop();
    });
    if (ending === 'drained') await Promise.race([drain(fleet, taker.perSecond), over.fenced]);
    await finish(ending, fleet, over.fenced);
    const lastWords = [say({ type: ending === 'fenced' ? 'fenced' : 'over', ...of })];
    if (ending !== 'fenced') lastWords.push(reporter.end());
    await Promise.race([Promise.all(lastWords).catch(() => {}), delay(LAST_WORDS_MS)]);
    return ending;
  } finally {
    fence.open();
    stopping.abort();
    await fleet?.stop('by-reset');
    redis.disconnect();
    listening.disconnect();
  }
}

type Over = ReturnType<typeof whichComesFirst>;

/** What ends it is what comes first; but a lease that is lost cuts short what is closed in order. */
function whichComesFirst() {
  let end!: (ending: Ending) => void;
  let fail!: (error: Error) => void;
  let cut!: () => void;
  const ending = new Promise<Ending>((resolve, reject) => {
    [end, fail] = [resolve, reject];
  });
  const fenced = new Promise<void>((resolve) => {
    cut = resolve;
  });
  ending.catch(() => {});
  return {
    ending,
    fenced,
    fail,
    end: (how: Ending): void => {
      end(how);
      if (how === 'fenced') cut();
    },
  };
}

function heed(lease: LeaseHolder, fence: Fence, over: Over): void {
  lease.onMessage((message) => {
    if (message.type === 'renewed') fence.renewed(message.atMs);
    else if (message.type === 'lost') over.end('fenced');
    else if (message.type === 'leave') over.end('left');
  });
  lease.onLeaseGone(() => over.end('fenced'));
}

async function startShare(
  { job, capacity, machine, own }: Charge,
  { layout, identity, markedRun, securing, secrets: _, takes: __, ...plan }: SharePlan,
  rows: SharedRows | undefined,
  threadEntry: URL,
  events: FleetEvents,
): Promise<Fleet> {
  const { engine } = layout;
  const why = await whyNot(engine);
  if (why !== undefined) {
    const hint = 'give --engine node to connrig run';
    throw new RigError('EFLEETPLAN', `the run wants the ${engine} engine, and here ${why}`, { hint });
  }
  const { shares, share } = job;
  return startFleet(
    {
      ...plan,
      threadEntry,
      capacity,
      securing: securing && { ...securing, options: { ...securing.options, own: own.certificate } },
      identity: identity && { ...identity, rows },
      marks: { run: markedRun, first: share, step: shares },
      layout: layoutFleet({
        ...machine,
        ...layout,
        connections: capacity,
        destinations: plan.destinations.length,
        sources: sourcesFor(plan.destinations, machine.sources),
      }),
    },
    events,
  );
}

/** Those of the machine that can reach a target; undefined: none was named, or they are of another family. */
function sourcesFor(
  destinations: readonly Destination[],
  sources: readonly string[] | undefined,
): readonly string[] | undefined {
  const families = new Set(destinations.flatMap((one) => ('ip' in one ? isIP(one.ip) : [])));
  const own = sources?.filter((source) => families.has(isIP(source)));
  return own?.length ? own : undefined;
}

async function finish(ending: Ending, fleet: Fleet, fenced: Promise<void> = Promise.resolve()): Promise<Ending> {
  const resets = ending === 'fenced' || ending === 'superseded';
  await Promise.race([fleet.stop(resets ? 'by-reset' : 'in-order'), resets ? new Promise(() => {}) : fenced]);
  return ending;
}

/** Closes at the pace that it was opened at, or as fast as it takes. */
async function drain(fleet: Fleet, perSecond: number): Promise<void> {
  const { open } = fleet.tally();
  fleet.pursue(0, Math.max(perSecond, (open * 1000) / DRAIN_MOST_MS));
  const untilMs = performance.now() + DRAIN_MOST_MS + DRAIN_GRACE_MS;
  while (fleet.tally().open > 0 && performance.now() < untilMs) await delay(50);
}
