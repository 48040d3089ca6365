/** The one door to BullMQ and ioredis: they are installed by those alone who have a fleet over several machines. */
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';

export interface RedisLibraries {
  readonly Redis: typeof import('ioredis').Redis;
  readonly bullmq: typeof import('bullmq');
  /** A connection of its own to the Redis of the fleet. It comes back by itself when it was lost, and what is asked meanwhile waits. */
  readonly connect: () => Redis;
}

/** Between two attempts to come back, at the most. */
const RETRY_MOST_MS = 1000;

/**
 * @param url `redis://` or `rediss://`, with user and password where there are
 * @throws RigError EFLEETPEER where a library is missing
 */
export async function loadRedis(url: string): Promise<RedisLibraries> {
  const [{ Redis }, bullmq] = await Promise.all([import('ioredis'), import('bullmq')]).catch((cause: unknown) => {
    const sentence = 'a fleet over several machines needs the packages bullmq and ioredis, which are not installed';
    throw new RigError('EFLEETPEER', sentence, { hint: 'npm install bullmq ioredis', cause });
  });
  const connect = (): Redis => {
    const retryStrategy = (times: number): number => Math.min(RETRY_MOST_MS, 50 * times);
    return new Redis(url, { maxRetriesPerRequest: null, retryStrategy }).on('error', () => {});
  };
  return { Redis, bullmq, connect };
}
