/** What a conductor says to Redis of a run as a whole: at its start, where Redis has lost it, and at its end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { monotonicClock } from '../local/shared.ts';
import type { FleetOrder, fleetKeys, ShareJob, WorkerOffer } from './messages.ts';
import type { Orders } from './orders.ts';
import type { Reports } from './reports.ts';
import type { RowsInRedis } from './rows-in-redis.ts';
import type { ShareQueue } from './share-queue.ts';

/** Those who have a share of the epoch before let go of it as soon as they hear of the new one, or when their leases are over. */
const LET_GO_AFTER_LEASE_MS = 5000;
const LOOK_MS = 50;
const LOOK_FOR_LEFT_MS = 250;

/** A run, as far as Redis is told of it. */
interface Run {
  readonly redis: Redis;
  readonly keys: ReturnType<typeof fleetKeys>;
  readonly orders: Orders;
  readonly reports: Reports;
  readonly shares: number;
  readonly run: string;
  sayAlive(): Promise<void>;
  give(order: FleetOrder): void;
  readonly queue: ShareQueue;
  readonly rows: RowsInRedis;
  jobs(): readonly ShareJob[];
  offers(): Promise<readonly WorkerOffer[]>;
  /** The longest lease of any worker that was there. */
  longestLockMs(): number;
  isOver(): boolean;
}

/** The first that is said of a run, in its epoch 0. */
export async function sayFirst({ redis, keys, orders, queue, rows, sayAlive, give, jobs }: Run): Promise<void> {
  await rows.put();
  await sayAlive();
  give(orders.next());
  await redis.set(keys.begun, '1');
  await queue.add(jobs());
}

/**
 * Redis may come back without what was in it: then all is said again, in a new epoch, and generations go on from where they were. Nobody
 * may begin before the others have let go.
 *
 * @returns whether it was so
 */
export async function sayAnew(run: Run): Promise<boolean> {
  const { redis, keys, orders, reports, shares, give } = run;
  // What was asked while it was away is carried out when it is back, so that its other keys may be there.
  if (run.isOver() || (await redis.exists(keys.begun)) === 1 || run.isOver()) return false;
  orders.epoch++;
  reports.forget();
  const newest = Array.from({ length: shares }, (_, share) => reports.sum.newest(share)?.generation ?? 0);
  await redis.hset(keys.generations, ...newest.flatMap((generation, share) => [share, generation]));
  await run.sayAlive();
  give(orders.next());
  const now = monotonicClock();
  const untilMs = now() + run.longestLockMs() + LET_GO_AFTER_LEASE_MS;
  const hasLetGo = (generation: number, share: number): boolean => reports.sum.hasLetGo(share, generation);
  while (!newest.every(hasLetGo) && now() < untilMs && !run.isOver()) {
    await delay(LOOK_MS);
    await reports.look();
    await run.sayAlive();
  }
  await redis.set(keys.begun, '1');
  await run.rows.put();
  await run.sayAlive();
  if (!run.isOver()) await run.queue.add(run.jobs());
  return true;
}

/** Resolves when no worker has anything of this run any more, and Redis neither. */
export async function sayLast({ redis, keys, queue, rows, reports, run, offers }: Run): Promise<void> {
  await queue.takeBack();
  while ((await queue.left()) > 0) await delay(LOOK_FOR_LEFT_MS);
  await reports.look();
  // The next leg is for all of them.
  while ((await offers()).some((offer) => offer.run === run)) await delay(LOOK_FOR_LEFT_MS);
  await redis.del(keys.orders, keys.reports, keys.generations, keys.events, keys.conductor, keys.begun);
  await rows.remove();
}
