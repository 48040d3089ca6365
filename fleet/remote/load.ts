/** The one door to BullMQ and ioredis: they are installed by those alone who have a fleet over several machines. */
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';

export interface RedisLibraries {
  readonly Redis: typeof import('ioredis').Redis;
  readonly bullmq: typeof import('bullmq');
  /** How BullMQ connects, which makes connections of its own. */
  readonly connection: import('bullmq').ConnectionOptions;
  /** A connection of its own to the Redis of the fleet. It comes back by itself when it was lost, and what is asked meanwhile waits. */
  readonly connect: () => Redis;
}

/** A URL as it is shown: commands to paste take the password from their environment. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href;
}

/** Between two attempts to come back, at the most. */
const RETRY_MOST_MS = 1000;

/**
 * @param url `redis://` or `rediss://`, with user and password where there are
 * @param ca certificates that vouch for it, PEM; undefined: those that Node.js trusts
 * @throws RigError EFLEETPEER where a library is missing
 */
export async function loadRedis(url: string, ca?: string): Promise<RedisLibraries> {
  const [{ Redis }, bullmq] = await Promise.all([import('ioredis'), import('bullmq')]).catch((cause: unknown) => {
    const sentence = 'a fleet over several machines needs the packages bullmq and ioredis, which are not installed';
    throw new RigError('EFLEETPEER', sentence, { hint: 'npm install bullmq ioredis', cause });
  });
  const retryStrategy = (times: number): number => Math.min(RETRY_MOST_MS, 50 * times);
  const options = { maxRetriesPerRequest: null, retryStrategy, ...(ca !== undefined && { tls: { ca } }) };
  const connect = (): Redis => new Redis(url, options).on('error', () => {});
  return { Redis, bullmq, connection: { url, ...options }, connect };
}
