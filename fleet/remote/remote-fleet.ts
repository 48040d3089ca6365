/** A fleet whose shares are held by workers on other machines: see messages.ts for what is said, and docs/fleet.md. */
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RUN_NUMBERS } from '../behaviours/time-mark.ts';
import type { Fleet } from '../fleet.ts';
import { monotonicClock } from '../local/shared.ts';
import { spareCapacityOf } from './allotment.ts';
import { ANSWER_WITHIN_MS } from './check-redis.ts';
import { sayAlive } from './conductor-key.ts';
import { HeardEvents } from './heard-events.ts';
import type { RedisLibraries } from './load.ts';
import { ENTRY_FIELD, type FleetOrder, fleetKeys, type ShareJob, type WorkerOffer } from './messages.ts';
import { LOST_AFTER_MS, nobodyHolds, notReady, READY_WITHIN_MS } from './not-held.ts';
import { type ChosenWorker, partsOf, readOffers } from './offers.ts';
import { Placement } from './placement.ts';
import { byRedis, type RedisClock } from './redis-clock.ts';
import { watchGaps } from './redis-gaps.ts';
import type { RemoteEvents, RemoteOptions, RemotePlan } from './remote-plan.ts';
import { Reports } from './reports.ts';
import { RowsInRedis } from './rows-in-redis.ts';
import { sayAnew, sayFirst, sayLast } from './run-in-redis.ts';
import { toSpoken, type Voice } from './said.ts';
import { jobsOf } from './share-jobs.ts';
import { ShareQueue } from './share-queue.ts';
import { UntakenShares } from './untaken-shares.ts';

const LOOK_MS = 250;
const ALIVE_EVERY_MS = 1000;
const ORDERS_KEPT = 100;
const STOP_WITHIN_MS = 20_000;
const CONFIRM_POLL_MS = 20;

const now = monotonicClock();

/** What it speaks to Redis through. */
interface Links {
  readonly redis: Redis;
  readonly clock: RedisClock;
  readonly libraries: RedisLibraries;
}

export class RemoteFleet implements Fleet {
  readonly broadcasts = undefined;
  readonly #run = randomBytes(6).toString('hex');
  readonly #markedRun = randomInt(RUN_NUMBERS);
  readonly #plan: RemotePlan;
  readonly #events: RemoteEvents;
  readonly #remote: RemoteOptions;
  readonly #redis: Redis;
  readonly #clock: RedisClock;
  readonly #keys: ReturnType<typeof fleetKeys>;
  readonly #voice: Voice;
  readonly #queue: ShareQueue;
  readonly #reports: Reports;
  readonly #placement: Placement;
  readonly #orders: Placement['orders'];
  readonly #untaken: UntakenShares;
  readonly #shares: number;
  /** The most that any of them is asked for: who takes which share is known only then. */
  readonly #capacity: number;
  readonly #heard: HeardEvents;
  readonly #rows: RowsInRedis;
  #lost = false;
  #stopping: Promise<void> | undefined;
  #ended = false;
  #longestLockMs: number;
  #aliveAtMs = Number.NEGATIVE_INFINITY;
  #beat = 0;
  #looking: Promise<void> = Promise.resolve();
  /** How long Redis was away, until that is told. */
  #awayMs: number | undefined;

  constructor(
    plan: RemotePlan,
    workers: readonly ChosenWorker[],
    events: RemoteEvents,
    remote: RemoteOptions,
    { redis, clock, libraries }: Links,
  ) {
    this.#plan = plan;
    this.#events = events;
    this.#remote = remote;
    this.#redis = redis;
    this.#clock = clock;
    this.#shares = workers.length;
    this.#longestLockMs = Math.max(...workers.map(({ offer }) => offer.lockMs));
    this.#capacity = spareCapacityOf(plan.capacity, partsOf(workers));
    this.#keys = fleetKeys(remote.prefix, this.#run);
    this.#voice = { token: remote.token, run: this.#run };
    this.#rows = new RowsInRedis({
      redis,
      keyOf: (share) => `${this.#keys.rows}:${share}`,
      ...this.#voice,
      identity: plan.identity,
      shares: this.#shares,
      most: this.#capacity + 2 * plan.window,
    });
    this.#queue = new ShareQueue(libraries, remote.prefix, remote.token);
    this.#reports = new Reports(this.#shares, redis, this.#keys, this.#voice, {
      onEvent: (event) => this.#heard.take(event),
      onMoved: events.onMoved,
      onForeign: events.onForeign,
    });
    this.#placement = new Placement(plan, this.#shares, this.#reports, {
      ...events,
      give: (order) => this.#give(order),
      mostOf: (share) => Math.min(this.#capacity, this.#rows.mostOf(share)),
    });
    this.#heard = new HeardEvents(
      events,
      (ready) => this.#placement.ready(ready),
      () => clock.now().offsetMs,
    );
    this.#orders = this.#placement.orders;
    this.#untaken = new UntakenShares(this.#queue, this.#reports, async () =>
      (await this.#offers()).some(({ share }) => share === null),
    );
  }

  async begin(): Promise<void> {
    watchGaps(this.#redis, (awayMs) => {
      this.#awayMs = awayMs;
    });
    await sayFirst(this.#said);
    this.#looking = this.#lookOn();
    const deadline = now() + READY_WITHIN_MS;
    while (!this.#placement.allotment.isTaken) {
      if (this.#heard.refusal) throw this.#heard.refusal;
      if (now() > deadline) throw notReady(this.#shares, this.#placement.allotment.hosts);
      await delay(CONFIRM_POLL_MS);
    }
    this.#placement.begin(await this.#offers());
  }

  pursue = (wanted: number, perSecond: number): number =>
    this.#placement.pursue(wanted, perSecond, byRedis(this.#clock));

  setTalking = (talking: boolean): number => this.#give(this.#orders.change({ talking }));

  /** A share that takes up an order says at once what it has. */
  refresh = (): number => this.#give(this.#orders.next());

  beginEpisode = (): number => {
    const episodes = this.#orders.whole.episodes + 1;
    this.#heard.beginEpisode(episodes);
    return this.#give(this.#orders.change({ episodes }));
  };

  vanished = () => this.#heard.vanished;

  tally = () =>
    this.#reports.sum.tally(
      this.#clock.now().offsetMs,
      new Set(this.#reports.unheard().keys()),
      this.#placement.allotment.left,
    );

  histogram: Fleet['histogram'] = (name) => this.#reports.sum.histogram(name);

  shares = () => this.#reports.states(this.#stopping !== undefined);

  residuals = () => this.#placement.residuals();

  async confirmed(order: number): Promise<void> {
    const { sum } = this.#reports;
    const hasTaken = (share: number): boolean => (sum.newest(share)?.seq ?? 0) >= order;
    while (!this.#shareNumbers().every(hasTaken) && !this.#isOver()) await delay(CONFIRM_POLL_MS);
  }

  hasStrays = (): boolean => this.#reports.sum.hasStrays;

  async collectGarbage(): Promise<void> {
    const { sum } = this.#reports;
    const before = this.#shareNumbers().map((share) => sum.newest(share));
    this.#give(this.#orders.change({ collections: this.#orders.whole.collections + 1 }));
    // One that began anew meanwhile has no garbage yet.
    const isDone = (share: number): boolean => {
      const [then, newest] = [before[share], sum.newest(share)];
      return (
        newest?.generation !== then?.generation || (newest?.tally.collections ?? 0) > (then?.tally.collections ?? 0)
      );
    };
    while (!this.#shareNumbers().every(isDone) && !this.#isOver()) await delay(CONFIRM_POLL_MS);
  }

  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      this.#give(this.#orders.stop(byRedis(this.#clock)));
      // Without Redis none of it can be done: workers then drain by themselves.
      await Promise.race([sayLast(this.#said).catch(() => {}), delay(STOP_WITHIN_MS, undefined, { ref: false })]);
      this.#ended = true;
      this.#clock.stop();
      await Promise.race([this.#queue.close().catch(() => {}), delay(ANSWER_WITHIN_MS, undefined, { ref: false })]);
      this.#redis.disconnect();
      await this.#looking;
    })();
    return this.#stopping;
  }

  /** Those that somebody has, or may have again. */
  #shareNumbers(): number[] {
    const { left } = this.#placement.allotment;
    return Array.from({ length: this.#shares }, (_, share) => share).filter((share) => !left.has(share));
  }

  async #offers(): Promise<readonly WorkerOffer[]> {
    const { fit } = await readOffers(this.#redis, this.#keys.workers, byRedis(this.#clock), this.#remote);
    this.#longestLockMs = Math.max(this.#longestLockMs, ...fit.map(({ lockMs }) => lockMs));
    return fit;
  }

  #isOver(): boolean {
    return this.#stopping !== undefined || this.#lost;
  }

  get #said() {
    return {
      redis: this.#redis,
      keys: this.#keys,
      orders: this.#orders,
      reports: this.#reports,
      shares: this.#shares,
      run: this.#run,
      sayAlive: () => this.#sayAlive(),
      give: (order: FleetOrder) => void this.#give(order),
      queue: this.#queue,
      rows: this.#rows,
      jobs: () => this.#jobs(),
      offers: () => this.#offers(),
      longestLockMs: () => this.#longestLockMs,
      isOver: () => this.#stopping !== undefined,
    };
  }

  /** @returns its number */
  #give(order: FleetOrder): number {
    const said = toSpoken(order, 'order', this.#voice);
    void this.#redis.xadd(this.#keys.orders, 'MAXLEN', '~', ORDERS_KEPT, '*', ENTRY_FIELD, said).catch(() => {});
    return order.seq;
  }

  #jobs(): ShareJob[] {
    return jobsOf(this.#plan, this.#remote, {
      run: this.#run,
      markedRun: this.#markedRun,
      epoch: this.#orders.epoch,
      shares: this.#shares,
      capacity: this.#capacity,
    });
  }

  /** Until the end: looks what workers say, and says that we are there. What Redis doesn't answer is asked again. */
  async #lookOn(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#reports.look();
        if (!this.#isOver()) this.#placement.look();
        if (now() - this.#aliveAtMs > ALIVE_EVERY_MS || this.#awayMs !== undefined) {
          await this.#sayAlive();
          await this.#rows.renew();
          await this.#renew();
          for (const share of await this.#untaken.look()) if (!this.#isOver()) this.#placement.leave(share);
        }
      } catch {
        // The connection comes back by itself.
      }
      this.#lookForLost();
      if (!this.#ended) await delay(LOOK_MS);
    }
  }

  async #sayAlive(): Promise<void> {
    this.#aliveAtMs = now();
    const said = { epoch: this.#orders.epoch, beat: ++this.#beat, atMs: byRedis(this.#clock) };
    await sayAlive(this.#redis, this.#keys.conductor, said, this.#voice);
  }

  /** After Redis was away, and now and then: it may have come back as another one. */
  async #renew(): Promise<void> {
    const awayMs = this.#awayMs;
    this.#awayMs = undefined;
    const isEmpty = await sayAnew(this.#said);
    if (awayMs !== undefined) this.#events.onRedisBack({ awayMs, isEmpty });
  }

  #lookForLost(): void {
    const unheard = this.#reports.unheard(LOST_AFTER_MS);
    const lost = this.#shareNumbers().find((share) => unheard.has(share));
    if (lost === undefined || this.#isOver()) return;
    this.#lost = true;
    this.#events.onDefect(nobodyHolds(lost, this.#placement.allotment.hostOf(lost), this.#remote));
  }
}
