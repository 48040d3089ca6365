import { DEFAULT_PROTOCOLS, PROTOCOLS } from '../core/protocols/names.ts';
import { CLOSE_MODES, DEFLATE_MODES } from '../core/schemas/leg.ts';
import { parseBehaviour } from '../core/values/behaviour.ts';
import { SIZE_BY } from '../core/values/sizing-plan.ts';
import { readThreshold } from '../core/values/thresholds.ts';
import { ENGINES } from '../fleet/engines/index.ts';
import { findTarget } from '../lab/catalogue.ts';
import { parseExporter } from '../memory/exporter.ts';
import { readInspectors } from './inspect.ts';
import { readLevels } from './levels.ts';
import { LIVE_ADDRESS, readListen, readLive } from './listen-address.ts';
import { list, type Option, oneOf, onOff, orProblem, quantity, type Read, text } from './option.ts';
import { readPid } from './pid.ts';
import { readPreamble } from './preamble.ts';
import { readSecret } from './secret.ts';
import { readSizing } from './sizing.ts';
import { readSources } from './sources.ts';
import { readSummaryFile } from './summary-file.ts';

/** Every setting of `connrig run`. The only table: command line, config file, help and defaults all come from it. */
export const RUN_OPTIONS = {
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
    help: `legs to run against the built-in server (${PROTOCOLS.join(', ')}) or --target; a URL names its own`,
    default: DEFAULT_PROTOCOLS.join(','),
    read: list(oneOf(PROTOCOLS)),
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
    help: 'connections opened per second, over all workers (default: 2k/s, or all in two minutes)',
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
    help: 'attempts in flight at any one time, over all workers',
    default: '512',
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
  settleTimeoutMs: {
    name: 'settle-timeout',
    group: 'readings',
    argument: '<duration>',
    help: 'wait at most this long at a level for memory to come to rest',
    default: '5s',
    read: quantity('duration', 0),
  },
  restMs: {
    name: 'rest',
    group: 'readings',
    argument: '<duration>',
    help: 'leave connections alone this long before memory is read, for servers that tidy up after a while',
    default: '0s',
    read: quantity('duration', 0),
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
    help: 'how sockets are driven: epoll (Linux), node, or auto',
    default: 'auto',
    read: oneOf(['auto', ...ENGINES]),
  },
  processes: {
    name: 'processes',
    group: 'target',
    argument: '<count>',
    help: 'processes of the built-in server or --target (default: as many as the descriptor limit asks for)',
    read: quantity('count', 1, 1000),
  },
  close: {
    name: 'close',
    group: 'plan',
    argument: '<how>',
    help: 'how connections are closed: graceful (close handshake, FIN) or reset (RST)',
    default: 'graceful',
    read: oneOf(CLOSE_MODES),
  },
  behaviour: {
    name: 'behaviour',
    group: 'traffic',
    argument: '<what>',
    help: 'what open connections do: idle, heartbeat:30s, or over all of them echo:RATE:SIZE (echo:5k/s:64B), of http request:RATE[:PATH] (request:5k/s:/)',
    default: 'idle',
    read: orProblem(parseBehaviour),
  },
  talkMs: {
    name: 'talk',
    group: 'traffic',
    argument: '<duration>',
    help: 'with echo or request: count round trips this long at each level; a steady p99 takes some thousands',
    default: '2s',
    read: quantity('duration', 100),
  },
  sendOnOpen: {
    name: 'send-on-open',
    group: 'traffic',
    argument: '<text|@file>',
    help: 'what each tcp connection sends first, such as PING\\r\\n or @connect.bin',
    read: readPreamble,
  },
  perMessageDeflate: {
    name: 'per-message-deflate',
    group: 'traffic',
    argument: '<how>',
    help: `compress ws messages: ${DEFLATE_MODES.join(', ')}; the built-in server then accepts it`,
    default: 'off',
    read: oneOf(DEFLATE_MODES),
  },
  sources: {
    name: 'source',
    group: 'plan',
    argument: '<list>',
    help: 'local addresses to connect from, in turn: IPs, ranges (10.0.0.5-10.0.0.20) and subnets (10.0.0.0/24)',
    read: readSources,
  },
  pid: {
    name: 'pid',
    group: 'target',
    argument: '<pid>',
    help: 'measure the memory of this process and its children; takes all that pidof says',
    read: (given) => readPid(given),
  },
  memoryLimitBytes: {
    name: 'memory-limit',
    group: 'verdict',
    argument: '<size>',
    help: 'memory to plan the capacity for, such as 2GiB (default: what this machine or its container has)',
    read: quantity('bytes', 1),
  },
  headroomPercent: {
    name: 'headroom',
    group: 'verdict',
    argument: '<percent>',
    help: 'share of that memory to keep free',
    default: '20%',
    read: quantity('percent', 0, 99),
  },
  rttLimitMs: {
    name: 'rtt-limit',
    group: 'verdict',
    argument: '<duration>',
    help: 'call it a limit when the p99 of round trips passes this; needs --behaviour echo or request',
    read: quantity('duration', 0.001),
  },
  failIf: {
    name: 'fail-if',
    group: 'verdict',
    argument: '<threshold>',
    help: "end with 5 if a number of summary.json is like that, such as 'ws.perConnection.total.bytes > 12KiB'; may be repeated",
    repeats: true,
    read: list(orProblem(readThreshold)),
  },
  baseline: {
    name: 'baseline',
    group: 'verdict',
    argument: '<folder>',
    help: 'end with 5 if one more connection is shown to cost more than in this earlier run, by more than --max-growth',
    read: text,
  },
  maxGrowthPercent: {
    name: 'max-growth',
    group: 'verdict',
    argument: '<percent>',
    help: 'with --baseline: what the cost may grow by',
    default: '5%',
    read: quantity('percent', 0),
  },
  sizeBy: {
    name: 'size-by',
    group: 'verdict',
    argument: '<cost>',
    help: 'plan capacity by the dearer of what a connection costs at rest and while everybody reconnects (dearer), or by the cost at rest (rest)',
    default: 'dearer',
    read: oneOf(SIZE_BY),
  },
  sizing: {
    name: 'plan',
    group: 'verdict',
    argument: '<file>',
    help: 'what to plan for, as YAML: connections wanted, instance types with memory and price; see docs/report.md',
    read: readSizing,
  },
  command: {
    name: 'command',
    group: 'target',
    argument: '<shell command>',
    help: 'start the server at the URL by this, anew for each leg, measure it, and stop it at the end',
    read: text,
  },
  target: {
    name: 'target',
    group: 'target',
    argument: '<name|folder>',
    help: 'build and measure a server that comes with the rig (connrig targets), or one of your own with a target.yaml',
    read: orProblem(findTarget),
  },
  exporter: {
    name: 'exporter',
    group: 'target',
    argument: '<url[#metric]>',
    help: "read the target's memory from connrig meter, or from a metric of any Prometheus endpoint",
    read: orProblem(parseExporter),
  },
  exporterToken: {
    name: 'exporter-token',
    group: 'target',
    argument: '<token>',
    help: 'what the exporter wants to know (its --admin-token); @file and CONNRIG_EXPORTER_TOKEN keep it out of ps',
    read: readSecret,
  },
  inspect: {
    name: 'inspect',
    group: 'target',
    argument: '<host:port,…>',
    help: 'force garbage collections and read heaps in a target started with node --inspect=127.0.0.1:9229',
    read: readInspectors,
  },
  metrics: {
    name: 'metrics',
    group: 'watching',
    argument: '<[host:]port>',
    help: 'serve the run as Prometheus metrics while it goes on; :9464 is for this machine alone, 0 any free port',
    read: orProblem(readListen),
  },
  live: {
    name: 'live',
    group: 'watching',
    argument: '[[host:]port]',
    help: `show the run on a page while it goes on; ${LIVE_ADDRESS} unless said, 0 any free port`,
    read: readLive,
  },
  lingerMs: {
    name: 'linger',
    group: 'watching',
    argument: '<duration>',
    help: 'at the end stay at most this long, with --metrics until they were asked for twice, with --live while somebody looks',
    default: '15s',
    read: quantity('duration', 0),
  },
  adminToken: {
    name: 'admin-token',
    group: 'watching',
    argument: '<token>',
    help: 'with --metrics and --live: answer only who knows it; @file and CONNRIG_ADMIN_TOKEN keep it out of ps',
    read: readSecret,
  },
  adminNames: {
    name: 'admin-names',
    group: 'watching',
    argument: '<list>',
    help: 'with --metrics and --live: names under which they may be asked for, besides addresses, localhost and the host name',
    read: list(text),
  },
  out: {
    name: 'out',
    group: 'folder',
    argument: '<folder>',
    help: 'the run folder (default: runs/<UTC time>-<name>)',
    read: text,
  },
  summaryFile: {
    name: 'summary-file',
    group: 'folder',
    argument: '<file>',
    help: 'append a short summary in Markdown to it at the end, such as "$GITHUB_STEP_SUMMARY"',
    read: readSummaryFile,
  },
  name: { name: 'name', group: 'folder', argument: '<text>', help: 'what to call the run', read: readName },
  json: {
    name: 'json',
    group: 'folder',
    help: 'print summary.json on stdout at the end',
    default: 'false',
    read: onOff,
  },
  quiet: { name: 'quiet', group: 'watching', help: 'no progress on stderr', default: 'false', read: onOff },
  force: {
    name: 'force',
    group: 'folder',
    help: 'run although preflight says it cannot fit',
    default: 'false',
    read: onOff,
  },
} as const satisfies Record<string, Option<unknown>>;

/** A name that is given both as text and as the folder's last part must not leave the folder. */
function readName(given: string): Read<string> {
  return /^[\w.-]{1,64}$/.test(given)
    ? { value: given }
    : { problem: `"${given}" is not 1 to 64 letters, digits, dots, dashes or underscores` };
}
