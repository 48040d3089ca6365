import { OBJECTIVES, readObjective } from '../core/limit/objectives.ts';
import { LIMITED } from '../core/schemas/find-limit.ts';
import { parseQuantity } from '../core/values/units.ts';
import { jsonOption } from './json-option.ts';
import { list, type OptionTable, oneOf, orProblem, quantity, type Read, text } from './option.ts';
import { CONNECTION_OPTIONS } from './run/connections-options.ts';
import { FOLDER_OPTIONS } from './run/folder-options.ts';
import { OPENING_OPTIONS } from './run/opening-options.ts';
import { TARGET_OPTIONS } from './run/target-options.ts';
import { TLS_OPTIONS } from './run/tls-options.ts';
import { TRAFFIC_OPTIONS } from './run/traffic-options.ts';
import { WATCHING_OPTIONS } from './run/watching-options.ts';

const { protocols, connectsPerSecond, window, openTimeoutMs, workers, engine, close, sources } = CONNECTION_OPTIONS;
const { behaviour, perMessageDeflate } = TRAFFIC_OPTIONS;
// A step reads memory as it is: what a collection would free counts towards a limit all the same.
const { inspect: _, collect: __, ...ofTarget } = TARGET_OPTIONS;

/** What steps of a search have in common with runs. */
export const STEP_OPTIONS = {
  protocols: {
    ...protocols,
    help: 'what to speak with the built-in server or --target; a URL names its own, but for event streams: sse',
    default: 'ws',
  },
  connectsPerSecond: {
    ...connectsPerSecond,
    help: 'connections opened per second, over all workers (default: 2k/s, or all in two minutes; over TLS 500/s)',
  },
  window,
  openTimeoutMs,
  workers,
  engine,
  close,
  sources,
  ...TLS_OPTIONS,
  ...OPENING_OPTIONS,
  behaviour: {
    ...behaviour,
    help: `${behaviour.help}. With --of messages its rate is what is looked for`,
  },
  perMessageDeflate,
  ...ofTarget,
  force: { ...FOLDER_OPTIONS.force, help: 'go beyond what preflight says this machine can hold' },
} as const satisfies OptionTable;

/** What is asked of `connrig find-limit` alone. */
export const SEARCH_OPTIONS = {
  of: {
    name: 'of',
    group: 'search',
    argument: '<what>',
    help: `what is raised until something breaks: ${LIMITED.join(', ')}; opens and messages are a second`,
    default: 'connections',
    read: oneOf(LIMITED),
  },
  objectives: {
    name: 'slo',
    group: 'search',
    argument: '<objective>',
    help: `what has to hold, such as 'rtt.p99 < 50ms'; there are ${Object.keys(OBJECTIVES).join(', ')}`,
    repeats: true,
    read: list(orProblem(readObjective)),
  },
  memoryLimitBytes: {
    name: 'memory-limit',
    group: 'search',
    argument: '<size>',
    help: 'a step breaks, and is ended, where the memory of the target passes this, such as 2GiB',
    read: quantity('bytes', 1),
  },
  from: {
    name: 'from',
    group: 'search',
    argument: '<number>',
    help: 'the first guess, such as 10k (default: what a short run forecasts, of messages 1k)',
    read: readNumber,
  },
  most: {
    name: 'most',
    group: 'search',
    argument: '<number>',
    help: 'look no further than this (default: what this machine can hold)',
    read: readNumber,
  },
  within: {
    name: 'within',
    group: 'search',
    argument: '<percent>',
    help: 'how far apart what held and what broke may be in the end',
    default: '5%',
    read: quantity('percent', 0.1, 100),
  },
  repeats: {
    name: 'repeats',
    group: 'search',
    argument: '<count>',
    help: 'a step holds when it has held this often; one that breaks is made once more',
    default: '3',
    read: quantity('count', 1, 20),
  },
  maxSteps: {
    name: 'max-steps',
    group: 'search',
    argument: '<count>',
    help: 'steps at most; the bracket may be wider then',
    default: '16',
    read: quantity('count', 1, 100),
  },
  holdMs: {
    name: 'hold',
    group: 'search',
    argument: '<duration>',
    help: 'how long a step is held, or opened, or talked through; a steady p99 takes some thousands of messages',
    default: '3s',
    read: quantity('duration', 500, 3_600_000),
  },
  connections: {
    name: 'connections',
    group: 'search',
    argument: '<count>',
    help: 'with --of messages: how many connections they go over (default: 100)',
    read: quantity('count', 1),
  },
  out: {
    name: 'out',
    group: 'output',
    argument: '<folder>',
    help: 'the folder of the search; one that was interrupted goes on there (default: runs/<UTC time>-find-limit)',
    read: text,
  },
  json: jsonOption('print find-limit.json on stdout at the end, and the result on stderr'),
  quiet: WATCHING_OPTIONS.quiet,
} as const satisfies OptionTable;

/** Every option of `connrig find-limit`. */
export const FIND_LIMIT_OPTIONS = { ...SEARCH_OPTIONS, ...STEP_OPTIONS } as const satisfies OptionTable;

/** `10k`, or `10k/s` where it is a rate. */
function readNumber(given: string): Read<number> {
  const value = parseQuantity('count', given) ?? parseQuantity('rate', given);
  if (value === undefined) return { problem: `"${given}" is not a number such as 10k` };
  return value >= 1 && Number.isInteger(value)
    ? { value }
    : { problem: `${given} is not a whole number of at least 1` };
}
