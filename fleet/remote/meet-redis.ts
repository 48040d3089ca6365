import type { Redis } from 'ioredis';
import { assertRedis } from './check-redis.ts';
import { loadRedis, type RedisLibraries } from './load.ts';
import { followOffset, type RedisClock } from './redis-clock.ts';
import type { RemoteOptions } from './remote-plan.ts';

/** A Redis that answers, and its clock. */
export interface MetRedis {
  readonly libraries: RedisLibraries;
  readonly redis: Redis;
  readonly clock: RedisClock;
  /** Ends both. */
  leave(): void;
}

/** @throws RigError EFLEETPEER, EFLEETREDIS */
export async function meetRedis({ url, ca }: Pick<RemoteOptions, 'url' | 'ca'>): Promise<MetRedis> {
  const libraries = await loadRedis(url, ca);
  const redis = libraries.connect();
  try {
    await assertRedis(redis, url);
    const clock = await followOffset(redis);
    const leave = (): void => {
      clock.stop();
      redis.disconnect();
    };
    return { libraries, redis, clock, leave };
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}
