import { readCertificates } from '../../certificates/read-certificates.ts';
import { type OptionTable, text } from '../option.ts';
import { readSecret } from '../secret.ts';

/** How both sides of a fleet reach its Redis, and trust each other. */
export const REDIS_OPTIONS = {
  redisPassword: {
    name: 'redis-password',
    group: 'fleet',
    argument: '<password>',
    help: 'the password of that Redis, where its URL has none; @FILE reads it from a file, which does not show in the list of processes',
    env: 'CONNRIG_REDIS_PASSWORD',
    read: readSecret,
  },
  redisCa: {
    name: 'redis-ca',
    group: 'fleet',
    argument: '<file>',
    help: 'with rediss://: trust the certificates in this file, PEM, and no others (default: those that Node.js trusts)',
    read: text,
  },
} as const satisfies OptionTable;

/** Where the Redis of a fleet is, for those who connect. Secret: it goes into no record, log or message. */
export interface RedisAccess {
  /** With its password. */
  readonly url: string;
  /** Certificates that vouch for it, PEM; undefined: those that Node.js trusts. */
  readonly ca: string | undefined;
}

/** @param problems a sentence is added for each */
export function readRedisAccess(
  given: string,
  { redisPassword, redisCa }: { readonly redisPassword: string | undefined; readonly redisCa: string | undefined },
  problems: string[],
): RedisAccess {
  const url = new URL(given);
  if (redisPassword !== undefined) {
    if (url.password !== '') problems.push('--redis-password: the URL of Redis has a password; leave one of them out');
    url.password = encodeURIComponent(redisPassword);
  }
  if (redisCa === undefined) return { url: url.href, ca: undefined };
  if (url.protocol !== 'rediss:')
    problems.push('--redis-ca: nothing is over TLS without rediss:// in place of redis://');
  const read = readCertificates(redisCa);
  if (typeof read === 'string') problems.push(`--redis-ca: ${read}`);
  return { url: url.href, ca: typeof read === 'string' ? undefined : read.pem };
}
