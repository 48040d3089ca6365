import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { isOfPassword, PASSWORD_HINT } from './first-answer.ts';
import { withoutPassword } from './load.ts';

/** How long Redis may take to answer. */
export const ANSWER_WITHIN_MS = 5000;
/** Streams, `XADD` with `MINID`, sets of options: https://redis.io/docs/latest/commands/ */
const REDIS_LEAST = [6, 2] as const;

/** @throws RigError EFLEETREDIS where it does not answer, refuses us, or is too old */
export async function assertRedis(redis: Redis, address: string): Promise<void> {
  const url = withoutPassword(address);
  const hint = `redis-cli -u ${url} ping`;
  const info = await Promise.race([redis.info('server'), delay(ANSWER_WITHIN_MS, undefined, { ref: false })]).catch(
    (cause: unknown) => {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new RigError('EFLEETREDIS', `Redis at ${url} says: ${said}`, {
        hint: isOfPassword(said) ? PASSWORD_HINT : hint,
        cause,
      });
    },
  );
  if (info === undefined) {
    throw new RigError('EFLEETREDIS', `Redis at ${url} does not answer`, { hint });
  }
  const [, version = '0'] = /redis_version:(\S+)/.exec(info) ?? [];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = REDIS_LEAST;
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    throw new RigError('EFLEETREDIS', `Redis at ${url} is ${version}; a fleet needs ${REDIS_LEAST.join('.')}`, {
      hint: 'apt-get install redis-server, of Debian 12 or later',
    });
  }
}
