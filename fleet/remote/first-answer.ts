import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { followOffset, type RedisClock } from './redis-clock.ts';

const FIRST_ANSWER_MS = 5000;

/** The clock of a Redis that may not be there. @throws RigError EFLEETREDIS */
export async function firstAnswer(redis: Redis, url: string): Promise<RedisClock> {
  const timeout = new AbortController();
  const late = delay(FIRST_ANSWER_MS, undefined, { signal: timeout.signal }).catch(() => {});
  try {
    const clock = await Promise.race([followOffset(redis), late]);
    if (clock) return clock;
  } catch (cause) {
    throw unreachable(url, (cause as Error).message, cause);
  } finally {
    timeout.abort();
  }
  throw unreachable(url, `no answer within ${FIRST_ANSWER_MS / 1000} s`);
}

function unreachable(url: string, why: string, cause?: unknown): RigError {
  const { host } = new URL(url);
  const hint = isOfPassword(why) ? PASSWORD_HINT : `redis-cli -h ${host.replace(/:(\d+)$/, ' -p $1')} ping`;
  return new RigError('EFLEETREDIS', `the Redis of the fleet at ${host} does not answer: ${why}`, { hint, cause });
}

export const PASSWORD_HINT = 'export CONNRIG_REDIS_PASSWORD=…, the password of that Redis';

/** Whether Redis wants another password, or one at all, by what it says. */
export const isOfPassword = (said: string): boolean => /^(WRONGPASS|NOAUTH)\b/.test(said);
