import { type OptionTable, quantity } from '../option.ts';
import { readSecret } from '../secret.ts';
import { REDIS_OPTIONS } from '../worker/redis-options.ts';
import { readFleetPrefix, readFleetUrl } from '../worker/redis-url.ts';

/** Connections are held by this machine alone, or by workers on others. */
export const FLEET_OPTIONS = {
  fleet: {
    name: 'fleet',
    group: 'fleet',
    argument: '[redis URL]',
    help: 'connections are held by connrig worker on other machines, which meet at this Redis: redis://10.0.0.1:6379; without a URL at that of CONNRIG_REDIS',
    read: readFleetUrl,
  },
  fleetWorkers: {
    name: 'fleet-workers',
    group: 'fleet',
    argument: '<count>',
    help: 'with --fleet: how many workers take part (default: all that wait)',
    read: quantity('count', 1, 1000),
  },
  fleetPrefix: {
    name: 'fleet-prefix',
    group: 'fleet',
    argument: '<name>',
    help: 'with --fleet: what keys in Redis begin with, as the workers have it',
    default: 'connrig',
    read: readFleetPrefix,
  },
  fleetToken: {
    name: 'fleet-token',
    group: 'fleet',
    argument: '<token>',
    help: 'with --fleet: what conductor and workers know each other by, the same for all; @FILE reads it from a file',
    env: 'CONNRIG_FLEET_TOKEN',
    read: readSecret,
  },
  ...REDIS_OPTIONS,
} as const satisfies OptionTable;
