import ipaddr from 'ipaddr.js';
import type { CertificateAndKey } from '../../certificates/read-certificate-and-key.ts';
import { readPair } from '../certificate-pair.ts';
import { list, type OptionTable, quantity, type Read, text } from '../option.ts';
import { type CommandLine, type OptionValues, readCommandLine } from '../read-options.ts';
import { readSecret } from '../secret.ts';
import { readSources } from '../sources.ts';
import { REDIS_OPTIONS, type RedisAccess, readRedisAccess } from './redis-options.ts';
import { REDIS_VARIABLE, readFleetPrefix, readRedisUrl } from './redis-url.ts';

const MOST_CONNECTIONS = 100_000_000;

/** Every option of `connrig worker`. */
export const WORKER_OPTIONS = {
  redis: {
    name: 'redis',
    group: 'fleet',
    argument: '<url>',
    help: 'the Redis that the machines of the fleet have in common, such as redis://10.0.0.1; rediss:// is over TLS',
    env: REDIS_VARIABLE,
    read: readRedisUrl,
  },
  ...REDIS_OPTIONS,
  prefix: {
    name: 'fleet-prefix',
    group: 'fleet',
    argument: '<word>',
    help: 'what the keys in Redis begin with: another one is another fleet',
    default: 'connrig',
    read: readFleetPrefix,
  },
  name: {
    name: 'name',
    group: 'fleet',
    argument: '<word>',
    help: 'what this worker is called; no other may have the same. Unless said: host and process',
    read: readWorkerName,
  },
  token: {
    name: 'fleet-token',
    group: 'access',
    argument: '<token>',
    help: 'take only shares of those who have this token; @FILE reads it from a file. Without one whoever reaches the Redis may give shares',
    env: 'CONNRIG_FLEET_TOKEN',
    read: readSecret,
  },
  cert: {
    name: 'cert',
    group: 'tls',
    argument: '<file>',
    help: 'certificate that connections show where a target asks for one, PEM, with those that vouch for it; it stays on this machine',
    read: text,
  },
  key: {
    name: 'key',
    group: 'tls',
    argument: '<file>',
    help: 'its private key, PEM; CONNRIG_TLS_PASSPHRASE says the passphrase of one that has one',
    read: text,
  },
  allow: {
    name: 'allow',
    group: 'limits',
    argument: '<subnet>',
    help: 'open connections to addresses in this subnet alone, such as 10.0.0.0/8. Unless said: to this machine and private networks',
    repeats: true,
    read: list(readSubnet),
  },
  most: {
    name: 'max',
    group: 'limits',
    argument: '<count>',
    help: 'hold no more connections than that, such as 500k',
    read: quantity('count', 1, MOST_CONNECTIONS),
  },
  sources: {
    name: 'source',
    group: 'limits',
    argument: '<addresses>',
    help: 'addresses of this machine to connect from: a list, a range (10.0.0.5-10.0.0.20) or a subnet. Each has ports of its own',
    read: readSources,
  },
  lockMs: {
    name: 'lock-time',
    group: 'limits',
    argument: '<duration>',
    help: 'a worker that says nothing for so long loses its share to another; the same for all workers of a fleet',
    default: '10s',
    read: quantity('duration', 1000, 300_000),
  },
} as const satisfies OptionTable;

type Options = OptionValues<typeof WORKER_OPTIONS>;
export type WorkerConfig = Omit<Options, 'redis' | 'redisPassword' | 'redisCa' | 'cert' | 'key'> & {
  readonly redis: RedisAccess;
  /** Secret: it goes through no Redis, log or message. */
  readonly certificate: CertificateAndKey | undefined;
};

/** @throws RigError EUSAGE with every problem there is */
export function readWorkerConfig(line: CommandLine): WorkerConfig {
  let access: RedisAccess | undefined;
  let certificate: CertificateAndKey | undefined;
  const values = readCommandLine('worker', WORKER_OPTIONS, line, ({ redis, cert, key, ...given }) => {
    const problems: string[] = [];
    if (redis === undefined) problems.push('--redis: name the Redis of the fleet, such as redis://10.0.0.1');
    else access = readRedisAccess(redis, given, problems);
    certificate = readPair({ name: 'cert', path: cert }, { name: 'key', path: key }, line.env, problems);
    return problems;
  });
  const { redis: _, redisPassword: __, redisCa: ___, cert: ____, key: _____, ...others } = values;
  return { ...others, redis: access!, certificate };
}

function readSubnet(given: string): Read<string> {
  if (ipaddr.isValidCIDR(given)) return { value: given };
  return { problem: `"${given}" is not a subnet such as 10.0.0.0/8` };
}

function readWorkerName(given: string): Read<string> {
  return /^[\w.:-]{1,64}$/.test(given)
    ? { value: given }
    : { problem: `"${given}" is not a word of letters, digits, dots, colons, dashes and underscores` };
}
