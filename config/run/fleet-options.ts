import { type OptionTable, quantity, type Read } from '../option.ts';

/** Who holds the connections, where it isn't this machine alone. */
export const FLEET_OPTIONS = {
  fleet: {
    name: 'fleet',
    group: 'plan',
    argument: '<redis URL>',
    help: 'connections are held by connrig worker on other machines, which meet at this Redis: redis://10.0.0.1:6379',
    read: (given: string): Read<string> =>
      /^rediss?:\/\/[^\s/]/.test(given) && URL.canParse(given)
        ? { value: given }
        : { problem: `"${given}" is not a URL such as redis://10.0.0.1:6379` },
  },
  fleetWorkers: {
    name: 'fleet-workers',
    group: 'plan',
    argument: '<count>',
    help: 'with --fleet: how many workers take part (default: all that wait)',
    read: quantity('count', 1, 1000),
  },
  fleetPrefix: {
    name: 'fleet-prefix',
    group: 'plan',
    argument: '<name>',
    help: 'with --fleet: what keys in Redis begin with, as the workers have it',
    default: 'connrig',
    read: (given: string): Read<string> =>
      /^[\w.-]+$/.test(given)
        ? { value: given }
        : { problem: `"${given}" is not a name of letters, digits, dots and dashes` },
  },
} as const satisfies OptionTable;
