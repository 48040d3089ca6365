/**
 * The process that has the leases of a machine: it takes shares from the queue, one at a time, and renews what it has. Nothing else
 * runs in it, so that nothing holds it up. The connections are in a process of their own, see hold-share.ts.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { monotonicClock } from '../local/shared.ts';
import { WIRE_VERSION } from '../wire.ts';
import { type AllowedSubnets, refuseForeign } from './allowed.ts';
import { called } from './called.ts';
import { variablesOf } from './fill-variables.ts';
import { firstAnswer } from './first-answer.ts';
import { loadRedis, type RedisLibraries } from './load.ts';
import { refuseOtherLoopback } from './loopback.ts';
import { fleetKeys, queueOf, type ShareJob, type WorkerOffer } from './messages.ts';
import { sayOffer } from './offers.ts';
import { untilNameIsOwn } from './own-name.ts';
import { type RedisClock, wallClockOf } from './redis-clock.ts';
import { Refusals } from './refusals.ts';
import { type Bound, roomOf } from './room.ts';
import { openPlan, readShare, type SharePlan } from './share-plan.ts';
import type { Charge, FromHolder, OwnOfWorker, ToHolder } from './share-process.ts';

/** What others may have taken of a machine meanwhile, or somebody widened. */
export interface WorkerResources {
  readonly offer: Pick<WorkerOffer, 'systemFilesLeft' | 'memoryAvailableBytes' | 'memoryLimitBytes' | 'ports'>;
  readonly ephemeralPorts: Charge['machine']['ephemeralPorts'];
}

export interface WorkerOptions {
  readonly redisUrl: string;
  /** Certificates that vouch for it, PEM; undefined: those that Node.js trusts. */
  readonly redisCa?: string | undefined;
  readonly prefix: string;
  readonly own: OwnOfWorker;
  readonly version: string;
  /** What this machine offers. */
  readonly offer: Omit<
    WorkerOffer,
    | 'wire'
    | 'version'
    | 'seenAtMs'
    | 'offsetMs'
    | 'share'
    | 'run'
    | 'node'
    | 'descriptors'
    | 'cores'
    | 'sources'
    | 'clock'
    | 'lockMs'
    | keyof WorkerResources['offer']
  >;
  /** What of its machine is left; asked while it holds nothing. */
  readonly readResources: () => Promise<WorkerResources>;
  readonly machine: Omit<Charge['machine'], 'ephemeralPorts'>;
  readonly allowed: AllowedSubnets;
  /** So long a share is kept from others after its lease was renewed last; the same for all workers of a fleet. */
  readonly lockMs: number;
  /** What the process runs that holds the connections: it gives the messages that it gets to {@link holdShare}. */
  readonly holderEntry: URL;
  /** A line for people. */
  readonly say: (line: string) => void;
  /** Gives back the share, if there is one, and ends. */
  readonly signal: AbortSignal;
}

const OFFER_EVERY_MS = 2000;
/** Renewals in the time of a lock, and the part of it after which the connections are reset: nobody may have begun before. */
const RENEWALS = 5;
const FENCE_PART = 0.6;
/** A share is never given up because its holders got lost. */
const STALLED_MOST = 1_000_000;

/** Another worker may have what this one lacks. */
const isOwnLack = (error: unknown): boolean =>
  error instanceof RigError && ['EFLEETMAX', 'EFLEETALLOW', 'EFLEETENV', 'EFLEETLOOPBACK'].includes(error.code);
const AGAIN_AFTER_MS = 1000;

/** Offers this machine to a fleet until `signal`. @throws RigError EFLEETPEER, EFLEETREDIS, EFLEETNAME */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const libraries = await loadRedis(options.redisUrl, options.redisCa);
  const redis = libraries.connect();
  try {
    await new WorkerProcess(options, libraries, redis).run();
  } finally {
    redis.disconnect();
  }
}

class WorkerProcess {
  readonly #options: WorkerOptions;
  readonly #libraries: RedisLibraries;
  readonly #redis: Redis;
  readonly #now = monotonicClock();
  #clock!: RedisClock;
  #job: ShareJob | undefined;
  #holder: ChildProcess | undefined;
  readonly #refusals: Refusals;
  #resources!: WorkerResources;

  constructor(options: WorkerOptions, libraries: RedisLibraries, redis: Redis) {
    this.#options = options;
    this.#libraries = libraries;
    this.#redis = redis;
    this.#refusals = new Refusals(redis, options);
  }

  async run(): Promise<void> {
    this.#clock = await firstAnswer(this.#redis, this.#options.redisUrl);
    try {
      await this.#serve();
    } finally {
      this.#clock.stop();
    }
  }

  async #serve(): Promise<void> {
    const { prefix, lockMs, offer, own, signal, say } = this.#options;
    const { bullmq } = this.#libraries;
    await untilNameIsOwn({ redis: this.#redis, clock: this.#clock, prefix, worker: offer.worker, token: own.token });
    const keys = fleetKeys(prefix);
    const worker = new bullmq.Worker<unknown, void>(queueOf(own.token), (job, token) => this.#process(job, token!), {
      prefix: keys.queuePrefix,
      connection: this.#libraries.connection,
      name: offer.worker,
      concurrency: 1,
      lockDuration: lockMs,
      // We renew it ourselves: the fence has to know when a renewal was asked for, not when its answer came.
      skipLockRenewal: true,
      stalledInterval: lockMs / 4,
      maxStalledCount: STALLED_MOST,
      removeOnComplete: { count: 0 },
    });
    worker.on('error', () => {});
    const announcing = setInterval(() => void this.#announce(), OFFER_EVERY_MS);
    await this.#announce();
    say(`${offer.worker} waits for a share of a run`);
    if (!signal.aborted) await once(signal, 'abort');
    const closing = worker.close();
    this.#send({ type: 'leave' });
    await closing;
    clearInterval(announcing);
    await Promise.race([this.#redis.hdel(keys.workers, offer.worker).catch(() => {}), delay(1000)]);
  }

  async #announce(): Promise<void> {
    // Its own connections take none of what it offers.
    if (!this.#job) this.#resources = await this.#options.readResources();
    const said = this.#offer();
    const { prefix, own } = this.#options;
    await this.#redis.hset(fleetKeys(prefix).workers, said.worker, sayOffer(said, own.token)).catch(() => {});
  }

  #offer(): WorkerOffer {
    const { offer, version, machine, lockMs } = this.#options;
    const offset = this.#clock.now();
    return {
      ...offer,
      ...this.#resources.offer,
      wire: WIRE_VERSION,
      version,
      seenAtMs: this.#now() + offset.offsetMs,
      offsetMs: offset.offsetMs,
      clock: wallClockOf(offset),
      lockMs,
      node: process.version,
      descriptors: Number.isFinite(machine.descriptorLimit) ? machine.descriptorLimit : null,
      cores: machine.cores,
      share: this.#job?.share ?? null,
      run: this.#job?.run ?? null,
      sources: machine.sources?.length ?? 0,
    };
  }

  /** Holds a share until it is over. What it throws tells BullMQ what becomes of the job. */
  async #process(job: Job<unknown, void>, token: string): Promise<void> {
    const { version, own, offer } = this.#options;
    const { WaitingError, DelayedError, UnrecoverableError } = this.#libraries.bullmq;
    let isOver: boolean;
    try {
      const share = readShare(job.data, version, own.token);
      const plan = openPlan(share, own.token);
      const capacity = this.#capacityFor(share, plan);
      const env = variablesOf(plan, own.env, called(offer));
      this.#job = share;
      void this.#announce();
      isOver = await this.#hold(share, { capacity, own: { ...own, env } }, job, token);
    } catch (error) {
      await this.#refusals.tell(job.data, error);
      if (!isOwnLack(error)) throw new UnrecoverableError('refused');
      await job.moveToDelayed(Date.now() + AGAIN_AFTER_MS, token);
      throw new DelayedError();
    } finally {
      this.#job = undefined;
      void this.#announce();
    }
    if (isOver) return;
    // Somebody else may have it at once; where the lease is lost, it is there already.
    await job.moveToWait(token);
    throw new WaitingError();
  }

  /** The most connections of a share that it has room for. @throws RigError EFLEETMAX where that is none; EFLEETALLOW, EFLEETLOOPBACK */
  #capacityFor(share: ShareJob, plan: SharePlan): number {
    refuseForeign(plan.destinations, this.#options.allowed);
    refuseOtherLoopback(plan.loopbackOf, this.#options.offer);
    const { connections, bounds } = roomOf(this.#offer(), plan);
    if (connections >= 1) return Math.min(connections, share.capacity);
    const [{ sentence, hint }] = bounds as [Bound];
    throw new RigError('EFLEETMAX', `this worker has no room for one connection of it: ${sentence}`, {
      hint: hint(share.capacity),
    });
  }

  /** @returns whether nobody has to hold it any more */
  async #hold(
    share: ShareJob,
    given: Pick<Charge, 'capacity' | 'own'>,
    job: Job<unknown, void>,
    token: string,
  ): Promise<boolean> {
    const { redisUrl, redisCa, prefix, offer, lockMs, holderEntry, say } = this.#options;
    const machine = { ...this.#options.machine, ephemeralPorts: this.#resources.ephemeralPorts };
    const renewedAtMs = this.#now();
    if (!(await this.#extend(job, token))) return false;
    // Signals of a terminal go to both: this process decides.
    const holder = fork(fileURLToPath(holderEntry), { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#holder = holder;
    let last: FromHolder | undefined;
    holder.on('message', (message) => {
      last = message as FromHolder;
    });
    holder.on('error', () => {});
    const ended = once(holder, 'exit');
    say(`holds share ${share.share + 1} of ${share.shares} of run ${share.run}`);
    const fenceMs = FENCE_PART * lockMs;
    const { host, worker } = offer;
    const where = { redisUrl, redisCa, prefix, host, worker } as const;
    this.#send({ type: 'hold', ...where, job: share, machine, fenceMs, renewedAtMs, ...given });
    if (this.#options.signal.aborted) this.#send({ type: 'leave' });
    const renewing = new AbortController();
    void this.#renew(job, token, renewing.signal);
    await ended.finally(() => {
      renewing.abort();
      this.#holder = undefined;
    });
    if (last?.type === 'failed') {
      const hint = 'see what the worker says';
      if (last.code === 'EFLEETPLAN') throw new RigError('EFLEETPLAN', last.sentence, { hint });
      throw new Error(last.sentence);
    }
    const ending = last?.ending ?? 'died';
    say(`share ${share.share + 1} of run ${share.run} is over: ${ending}`);
    return ending === 'stopped' || ending === 'drained' || ending === 'superseded';
  }

  /** As long as the share is held; an answer that is late counts from when it was asked for. */
  async #renew(job: Job<unknown, void>, token: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(this.#options.lockMs / RENEWALS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const atMs = this.#now();
      const isOurs = await this.#extend(job, token).catch(() => undefined);
      if (isOurs === true) this.#send({ type: 'renewed', atMs });
      else if (isOurs === false) return this.#send({ type: 'lost' });
    }
  }

  async #extend(job: Job<unknown, void>, token: string): Promise<boolean> {
    return (await job.extendLock(token, this.#options.lockMs)) === 1;
  }

  #send(message: ToHolder): void {
    // It may just have ended.
    if (this.#holder?.connected) this.#holder.send(message, () => {});
  }
}
