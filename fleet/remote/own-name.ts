import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { fleetKeys, WorkerOffer } from './messages.ts';
import { GONE_AFTER_MS } from './offers.ts';
import { byRedis, type RedisClock } from './redis-clock.ts';
import { heard } from './said.ts';

const LOOK_MS = 500;

interface OwnName {
  readonly redis: Redis;
  readonly clock: RedisClock;
  readonly prefix: string;
  readonly worker: string;
  readonly token: string | undefined;
}

/**
 * Resolves when no other worker has this name: one that was killed leaves its offer for a few seconds. Two of one name would pass for one,
 * and both take shares.
 *
 * @throws RigError EFLEETNAME where the other one goes on to say that it is there
 */
export async function untilNameIsOwn({ redis, clock, prefix, worker, token }: OwnName): Promise<void> {
  let firstSeenAtMs: number | undefined;
  for (;;) {
    const text = await redis.hget(fleetKeys(prefix).workers, worker);
    const other = heard(WorkerOffer, text, 'offer', { token, run: '' });
    if (other === undefined || byRedis(clock) - other.seenAtMs > GONE_AFTER_MS) return;
    firstSeenAtMs ??= other.seenAtMs;
    if (other.seenAtMs > firstSeenAtMs) {
      throw new RigError('EFLEETNAME', `there is a worker of the name ${worker} already, on ${other.host}`, {
        hint: 'leave out --name: a worker is then called by its host and process',
      });
    }
    await delay(LOOK_MS);
  }
}
