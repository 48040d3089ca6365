/** A fleet whose shares are held by workers on other machines: see messages.ts for what is said, and docs/fleet.md. */
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { RUN_NUMBERS } from '../behaviours/time-mark.ts';
import type { Fleet } from '../fleet.ts';
import { monotonicClock } from '../local/shared.ts';
import { ANSWER_WITHIN_MS } from './check-redis.ts';
import { sayAlive } from './conductor-key.ts';
import { HeardEvents } from './heard-events.ts';
import { type RedisLibraries, withoutPassword } from './load.ts';
import { ENTRY_FIELD, type FleetOrder, fleetKeys, type ShareJob, type WorkerOffer } from './messages.ts';
import { readOffers, roomOf } from './offers.ts';
import { Orders } from './orders.ts';
import { byRedis, type RedisClock } from './redis-clock.ts';
import type { RemoteEvents, RemoteOptions, RemotePlan } from './remote-plan.ts';
import { type MovedShare, Reports } from './reports.ts';
import { RowsInRedis } from './rows-in-redis.ts';
import { toSpoken, type Voice } from './said.ts';
import { jobsOf, partsOf } from './share-jobs.ts';
import { ShareQueue } from './share-queue.ts';
import { splitByRoom } from './split.ts';

const LOOK_MS = 250;
const ALIVE_EVERY_MS = 1000;
const ORDERS_KEPT = 100;
const READY_WITHIN_MS = 60_000;
/** A share that nobody has for so long ends the run: no level can be whole any more. */
const LOST_AFTER_MS = 120_000;
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
  readonly #orders = new Orders();
  readonly #shares: number;
  /** The most that any of them is asked for: who takes which share is known only then. */
  readonly #capacity: number;
  readonly #heard: HeardEvents;
  readonly #rows: RowsInRedis;
  #lost = false;
  #stopping: Promise<void> | undefined;
  #ended = false;
  #aliveAtMs = Number.NEGATIVE_INFINITY;
  #beat = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(
    plan: RemotePlan,
    workers: readonly WorkerOffer[],
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
    this.#capacity = Math.max(...splitByRoom(plan.capacity, workers.map(roomOf))!);
    this.#keys = fleetKeys(remote.prefix, this.#run);
    this.#voice = { token: remote.token, run: this.#run };
    this.#heard = new HeardEvents(this.#shares, events, () => clock.now().offsetMs);
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
      onMoved: (moved) => this.#onMoved(moved),
      onForeign: events.onForeign,
    });
  }

  async begin(): Promise<void> {
    this.#orders.parts = Array.from({ length: this.#shares }, () => 0);
    await this.#sayAlive();
    this.#give(this.#orders.next());
    this.#looking = this.#lookOn();
    await this.#rows.put();
    await this.#queue.add(this.#jobs());
    const deadline = now() + READY_WITHIN_MS;
    while (this.#heard.hosts.filter(Boolean).length < this.#shares) {
      if (this.#heard.refusal) throw this.#heard.refusal;
      if (now() > deadline) {
        const ready = this.#heard.hosts.filter(Boolean).join(', ') || 'nobody';
        const sentence = `after ${READY_WITHIN_MS / 1000} s not all ${this.#shares} shares are held: ready is ${ready}`;
        throw new RigError('EFLEETWORKERS', sentence, { hint: 'see what connrig worker prints on the others' });
      }
      await delay(CONFIRM_POLL_MS);
    }
    this.#orders.parts = await this.#partsByTakers();
    this.#place();
  }

  pursue = (wanted: number, perSecond: number): number =>
    this.#give(this.#orders.ramp(wanted, perSecond, byRedis(this.#clock)));

  setTalking = (talking: boolean): number => this.#give(this.#orders.change({ talking }));

  refresh = (): number => this.#give(this.#orders.next());

  beginEpisode = (): number => {
    const episodes = this.#orders.whole.episodes + 1;
    this.#heard.beginEpisode(episodes);
    return this.#give(this.#orders.change({ episodes }));
  };

  vanished = () => this.#heard.vanished;

  tally = () => this.#reports.sum.tally(this.#clock.now().offsetMs, new Set(this.#reports.unheard().keys()));

  histogram: Fleet['histogram'] = (name) => this.#reports.sum.histogram(name);

  async confirmed(order: number): Promise<void> {
    const { sum } = this.#reports;
    const hasTaken = (share: number): boolean => (sum.newest(share)?.seq ?? 0) >= order;
    while (!this.#shareNumbers().every(hasTaken) && !this.#isOver()) await delay(CONFIRM_POLL_MS);
  }

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
      await Promise.race([this.#windUp().catch(() => {}), delay(STOP_WITHIN_MS, undefined, { ref: false })]);
      this.#ended = true;
      this.#clock.stop();
      await Promise.race([this.#queue.close().catch(() => {}), delay(ANSWER_WITHIN_MS, undefined, { ref: false })]);
      this.#redis.disconnect();
      await this.#looking;
    })();
    return this.#stopping;
  }

  #shareNumbers(): number[] {
    return Array.from({ length: this.#shares }, (_, share) => share);
  }

  #isOver(): boolean {
    return this.#stopping !== undefined || this.#lost;
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

  async #partsByTakers(): Promise<number[]> {
    const { fit } = await readOffers(this.#redis, this.#keys.workers, byRedis(this.#clock), this.#remote);
    const takers = this.#shareNumbers().map((share) =>
      fit.find((offer) => offer.run === this.#run && offer.share === share),
    );
    return partsOf(this.#plan.capacity, takers, (share) => Math.min(this.#capacity, this.#rows.mostOf(share)));
  }

  #place(): void {
    this.#events.onPlaced(this.#orders.parts.map((capacity, share) => ({ host: this.#heard.hosts[share]!, capacity })));
  }

  #onMoved(moved: MovedShare): void {
    this.#heard.hosts[moved.share] = moved.to;
    this.#place();
    this.#events.onMoved(moved);
  }

  /** Until the end: looks what workers say, and says that we are there. What Redis doesn't answer is asked again. */
  async #lookOn(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#reports.look();
        if (now() - this.#aliveAtMs > ALIVE_EVERY_MS) {
          await this.#sayAlive();
          await this.#rows.renew();
          await this.#renew();
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

  /** Redis may come back without what was in it: then all is said again, in a new epoch, and generations go on from where they were. */
  async #renew(): Promise<void> {
    if (this.#stopping || (await this.#redis.exists(this.#keys.orders)) === 1 || this.#stopping) return;
    this.#orders.epoch++;
    this.#reports.forget();
    const known = this.#shareNumbers().flatMap((share) => [share, this.#reports.sum.newest(share)?.generation ?? 0]);
    await this.#redis.hset(this.#keys.generations, ...known);
    await this.#sayAlive();
    await this.#rows.put();
    this.#give(this.#orders.next());
    await this.#queue.add(this.#jobs());
  }

  #lookForLost(): void {
    const [lost] = this.#reports.unheard(LOST_AFTER_MS).keys();
    if (lost === undefined || this.#isOver()) return;
    this.#lost = true;
    const sentence = `nobody has held share ${lost} since ${this.#heard.hosts[lost] ?? 'its worker'} was lost ${LOST_AFTER_MS / 1000} s ago`;
    this.#events.onDefect(
      new RigError('EFLEETWORKERS', sentence, {
        hint: `connrig worker --redis ${withoutPassword(this.#remote.url)} on one more machine`,
      }),
    );
  }

  /** Resolves when no worker has anything of this run any more. */
  async #windUp(): Promise<void> {
    await this.#queue.takeBack();
    while ((await this.#queue.left()) > 0) await delay(LOOK_MS);
    await this.#reports.look();
    // The next leg is for all of them.
    const { workers, orders, reports, generations, events, conductor } = this.#keys;
    const isOurs = ({ run }: WorkerOffer): boolean => run === this.#run;
    while ((await readOffers(this.#redis, workers, byRedis(this.#clock), this.#remote)).fit.some(isOurs))
      await delay(LOOK_MS);
    await this.#redis.del(orders, reports, generations, events, conductor);
    await this.#rows.remove();
  }
}
