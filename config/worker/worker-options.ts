import ipaddr from 'ipaddr.js';
import { list, type OptionTable, quantity, type Read } from '../option.ts';
import { type CommandLine, type OptionValues, readCommandLine } from '../read-options.ts';
import { readSecret } from '../secret.ts';
import { readSources } from '../sources.ts';
import { readFleetPrefix, readRedisUrl } from './redis-url.ts';

const MOST_CONNECTIONS = 100_000_000;

/** Every option of `connrig worker`. */
export const WORKER_OPTIONS = {
  redis: {
    name: 'redis',
    group: 'fleet',
    argument: '<url>',
    help: 'the Redis that the machines of the fleet have in common, such as redis://10.0.0.1; rediss:// is over TLS',
    env: 'CONNRIG_REDIS',
    read: readRedisUrl,
  },
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

export type WorkerConfig = OptionValues<typeof WORKER_OPTIONS> & { readonly redis: string };

/** @throws RigError EUSAGE with every problem there is */
export function readWorkerConfig(line: CommandLine): WorkerConfig {
  return readCommandLine('worker', WORKER_OPTIONS, line, ({ redis }) =>
    redis === undefined ? ['--redis: name the Redis of the fleet, such as redis://10.0.0.1'] : [],
  ) as WorkerConfig;
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
