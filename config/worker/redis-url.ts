import type { Read } from '../option.ts';

/** The Redis that machines of a fleet have in common; `rediss://` over TLS. What was given isn't repeated: it may have a password. */
export function readRedisUrl(given: string): Read<string> {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    return { problem: 'it has to be a URL such as redis://10.0.0.1:6379 or rediss://user:password@redis.example' };
  return { value: given };
}

/** What `--fleet` alone says: the Redis that the environment names. */
export const REDIS_OF_ENV = 'true';
export const REDIS_VARIABLE = 'CONNRIG_REDIS';

/** The same, where the environment may say it. */
export const readFleetUrl = (given: string): Read<string> =>
  given === REDIS_OF_ENV ? { value: REDIS_OF_ENV } : readRedisUrl(given);

/** Names of keys begin with it; braces have a meaning of their own in them. */
export function readFleetPrefix(given: string): Read<string> {
  return /^[\w.-]{1,64}$/.test(given)
    ? { value: given }
    : { problem: `"${given}" is not a word of letters, digits, dots, dashes and underscores` };
}
