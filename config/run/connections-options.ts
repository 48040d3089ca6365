import { DEFAULT_SCHEMES, SCHEMES } from '../../core/protocols/schemes.ts';
import { CLOSE_MODES } from '../../core/schemas/leg.ts';
import { ENGINES } from '../../fleet/engines/index.ts';
import { readLevels } from '../levels.ts';
import { list, type OptionTable, oneOf, quantity } from '../option.ts';
import { readSources } from '../sources.ts';

/** How many connections there are, and how they are opened and closed. */
export const CONNECTION_OPTIONS = {
  connections: {
    name: 'connections',
    group: 'plan',
    argument: '<count>',
    help: 'open connections at the top level of each leg',
    default: '5k',
    read: quantity('count', 1),
  },
  protocols: {
    name: 'protocol',
    group: 'plan',
    argument: '<list>',
    help: `legs to run against the built-in server (${SCHEMES.join(', ')}) or --target; a URL names its own, but for event streams: --protocol sse http://127.0.0.1:3000/events`,
    default: DEFAULT_SCHEMES.join(','),
    read: list(oneOf(SCHEMES)),
  },
  levels: {
    name: 'levels',
    group: 'plan',
    argument: '<number|list>',
    help: 'how many evenly spaced levels, or a list of them such as 1k,2k,5k',
    default: '10',
    read: readLevels,
  },
  connectsPerSecond: {
    name: 'rate',
    group: 'plan',
    argument: '<rate>',
    help: 'connections opened per second, over all workers (default: 2k/s, or all in two minutes; over TLS 500/s. A target that the run starts may get more: half of what it takes in a warm-up with 100 or more)',
    read: quantity('rate', 0.001),
  },
  cycles: {
    name: 'cycles',
    group: 'plan',
    argument: '<count>',
    help: 'climb and drain this often: what is retained between cycles is a leak',
    default: '1',
    read: quantity('count', 1, 1000),
  },
  launches: {
    name: 'launches',
    group: 'plan',
    argument: '<count>',
    help: 'measure this often, each time with the target started anew',
    default: '1',
    read: quantity('count', 1, 1000),
  },
  window: {
    name: 'window',
    group: 'plan',
    argument: '<count>',
    help: 'attempts in flight at any one time, over all workers (default: 512, over TLS 128)',
    read: quantity('count', 1, 100_000),
  },
  openTimeoutMs: {
    name: 'open-timeout',
    group: 'plan',
    argument: '<duration>',
    help: 'an attempt that takes longer has timed out',
    default: '10s',
    read: quantity('duration', 1),
  },
  workers: {
    name: 'workers',
    group: 'plan',
    argument: '<count>',
    help: 'client threads (default: one for each core but one)',
    read: quantity('count', 1, 1000),
  },
  engine: {
    name: 'engine',
    group: 'plan',
    argument: '<name>',
    help: 'how sockets are driven: epoll (Linux), uring (io_uring, from Linux 6.11 on), or node. With auto it is epoll, or uring for more plain connections than open files',
    default: 'auto',
    read: oneOf(['auto', ...ENGINES]),
  },
  close: {
    name: 'close',
    group: 'plan',
    argument: '<how>',
    help: 'how connections are closed: graceful (close handshake, FIN) or reset (RST)',
    default: 'graceful',
    read: oneOf(CLOSE_MODES),
  },
  sources: {
    name: 'source',
    group: 'plan',
    argument: '<list>',
    help: 'local addresses to connect from, in turn: IPs, ranges (10.0.0.5-10.0.0.20) and subnets (10.0.0.0/24)',
    read: readSources,
  },
} as const satisfies OptionTable;
