import { type BehaviourPlan, canBehave, isTalk, parseBehaviour } from '../../core/behaviour.ts';
import { usageError } from '../../core/errors.ts';
import { evenLevels, type Plan, peakOf, warmUpBelow } from '../../core/plan.ts';
import { DEFAULT_PROTOCOLS, PROTOCOLS, type ProtocolName } from '../../core/protocols.ts';
import { readThreshold, type Threshold } from '../../core/thresholds.ts';
import { parseQuantity, printQuantity } from '../../core/units.ts';
import { parseTargetUrl, type TargetUrl } from '../../core/urls.ts';
import { findTarget, type TargetSource } from '../../lab/catalogue.ts';
import { type ExporterSource, parseExporter } from '../../memory/exporter.ts';
import { isLoopback } from '../../telemetry/listen.ts';
import { ENGINES } from '../engines/index.ts';
import { readInspectors } from './inspect.ts';
import { type ListenAddress, readListen } from './listen-address.ts';
import { list, type Option, oneOf, onOff, quantity, type Read, text } from './option.ts';
import { readPid } from './pid.ts';
import { readPreamble } from './preamble.ts';
import { readSecret } from './secret.ts';
import { readSizing } from './sizing.ts';
import { readSources } from './sources.ts';

/** Levels as asked for: how many evenly spaced ones, or exactly these. */
type Levels = { readonly count: number } | { readonly exactly: readonly number[] };

/** Where `--live` alone listens. */
const LIVE_ADDRESS = ':9466';

/** Every setting of `connrig run`. The only table: command line, config file, help and defaults all come from it. */
export const RUN_OPTIONS = {
  connections: {
    name: 'connections',
    argument: '<count>',
    help: 'open connections at the top level of each leg',
    default: '5k',
    read: quantity('count', 1),
  },
  protocols: {
    name: 'protocol',
    argument: '<list>',
    help: `legs to run against the built-in server (${PROTOCOLS.join(', ')}) or --target; a URL names its own`,
    default: DEFAULT_PROTOCOLS.join(','),
    read: list(oneOf(PROTOCOLS)),
  },
  levels: {
    name: 'levels',
    argument: '<number|list>',
    help: 'how many evenly spaced levels, or a list of them such as 1k,2k,5k',
    default: '10',
    read: readLevels,
  },
  connectsPerSecond: {
    name: 'rate',
    argument: '<rate>',
    help: 'connections opened per second, over all workers (default: 2k/s, or all in two minutes)',
    read: quantity('rate', 0.001),
  },
  cycles: {
    name: 'cycles',
    argument: '<count>',
    help: 'climb and drain this often: what is retained between cycles is a leak',
    default: '1',
    read: quantity('count', 1, 1000),
  },
  launches: {
    name: 'launches',
    argument: '<count>',
    help: 'measure this often, each time with the target started anew',
    default: '1',
    read: quantity('count', 1, 1000),
  },
  window: {
    name: 'window',
    argument: '<count>',
    help: 'attempts in flight at any one time, over all workers',
    default: '512',
    read: quantity('count', 1, 100_000),
  },
  openTimeoutMs: {
    name: 'open-timeout',
    argument: '<duration>',
    help: 'an attempt that takes longer has timed out',
    default: '10s',
    read: quantity('duration', 1),
  },
  settleTimeoutMs: {
    name: 'settle-timeout',
    argument: '<duration>',
    help: 'wait at most this long at a level for memory to come to rest',
    default: '5s',
    read: quantity('duration', 0),
  },
  restMs: {
    name: 'rest',
    argument: '<duration>',
    help: 'leave connections alone this long before memory is read, for servers that tidy up after a while',
    default: '0s',
    read: quantity('duration', 0),
  },
  workers: {
    name: 'workers',
    argument: '<count>',
    help: 'client threads (default: one for each core but one)',
    read: quantity('count', 1, 1000),
  },
  engine: {
    name: 'engine',
    argument: '<name>',
    help: 'how sockets are driven: epoll (Linux), node, or auto',
    default: 'auto',
    read: oneOf(['auto', ...ENGINES]),
  },
  processes: {
    name: 'processes',
    argument: '<count>',
    help: 'processes of the built-in server or --target (default: as many as the descriptor limit asks for)',
    read: quantity('count', 1, 1000),
  },
  close: {
    name: 'close',
    argument: '<how>',
    help: 'how connections are closed: graceful (close handshake, FIN) or reset (RST)',
    default: 'graceful',
    read: oneOf(['graceful', 'reset']),
  },
  behaviour: {
    name: 'behaviour',
    argument: '<what>',
    help: 'what open connections do: idle, heartbeat:30s, or over all of them echo:RATE:SIZE (echo:5k/s:64B), of http request:RATE[:PATH] (request:5k/s:/)',
    default: 'idle',
    read: readBehaviour,
  },
  sendOnOpen: {
    name: 'send-on-open',
    argument: '<text|@file>',
    help: 'what each tcp connection sends first, such as PING\\r\\n or @connect.bin',
    read: readPreamble,
  },
  sources: {
    name: 'source',
    argument: '<list>',
    help: 'local addresses to connect from, in turn: IPs, ranges (10.0.0.5-10.0.0.20) and subnets (10.0.0.0/24)',
    read: readSources,
  },
  pid: {
    name: 'pid',
    argument: '<pid>',
    help: 'measure the memory of this process and its children; takes all that pidof says',
    read: (given) => readPid(given),
  },
  memoryLimitBytes: {
    name: 'memory-limit',
    argument: '<size>',
    help: 'memory to plan the capacity for, such as 2GiB (default: what this machine or its container has)',
    read: quantity('bytes', 1),
  },
  headroomPercent: {
    name: 'headroom',
    argument: '<percent>',
    help: 'share of that memory to keep free',
    default: '20%',
    read: quantity('percent', 0, 99),
  },
  rttLimitMs: {
    name: 'rtt-limit',
    argument: '<duration>',
    help: 'call it a limit when the p99 of round trips passes this; needs --behaviour echo or request',
    read: quantity('duration', 0.001),
  },
  failIf: {
    name: 'fail-if',
    argument: '<threshold>',
    help: "end with 5 if a number of summary.json is like that, such as 'ws.perConnection.total.bytes > 12KiB'; may be repeated",
    repeats: true,
    read: list(readFailIf),
  },
  sizing: {
    name: 'plan',
    argument: '<file>',
    help: 'what to plan for, as YAML: connections wanted, instance types with memory and price; see docs/report.md',
    read: readSizing,
  },
  command: {
    name: 'command',
    argument: '<shell command>',
    help: 'start the server at the URL by this, anew for each leg, measure it, and stop it at the end',
    read: text,
  },
  target: {
    name: 'target',
    argument: '<name|folder>',
    help: 'build and measure a server that comes with the rig (connrig targets), or one of your own with a target.yaml',
    read: readTarget,
  },
  exporter: {
    name: 'exporter',
    argument: '<url[#metric]>',
    help: "read the target's memory from connrig meter, or from a metric of any Prometheus endpoint",
    read: readExporter,
  },
  exporterToken: {
    name: 'exporter-token',
    argument: '<token>',
    help: 'what the exporter wants to know (its --admin-token); @file and CONNRIG_EXPORTER_TOKEN keep it out of ps',
    read: readSecret,
  },
  inspect: {
    name: 'inspect',
    argument: '<host:port,…>',
    help: 'force garbage collections and read heaps in a target started with node --inspect=127.0.0.1:9229',
    read: readInspectors,
  },
  metrics: {
    name: 'metrics',
    argument: '<[host:]port>',
    help: 'serve the run as Prometheus metrics while it goes on; :9464 is for this machine alone, 0 any free port',
    read: readMetrics,
  },
  live: {
    name: 'live',
    argument: '[[host:]port]',
    help: `show the run on a page while it goes on; ${LIVE_ADDRESS} unless said, 0 any free port`,
    read: readLive,
  },
  lingerMs: {
    name: 'linger',
    argument: '<duration>',
    help: 'at the end stay at most this long, with --metrics until they were asked for twice, with --live while somebody looks',
    default: '15s',
    read: quantity('duration', 0),
  },
  adminToken: {
    name: 'admin-token',
    argument: '<token>',
    help: 'with --metrics and --live: answer only who knows it; @file and CONNRIG_ADMIN_TOKEN keep it out of ps',
    read: readSecret,
  },
  adminNames: {
    name: 'admin-names',
    argument: '<list>',
    help: 'with --metrics and --live: names under which they may be asked for, besides addresses, localhost and the host name',
    read: list(text),
  },
  out: { name: 'out', argument: '<folder>', help: 'the run folder (default: runs/<UTC time>-<name>)', read: text },
  name: { name: 'name', argument: '<text>', help: 'what to call the run', read: readName },
  json: { name: 'json', help: 'print summary.json on stdout at the end', default: 'false', read: onOff },
  quiet: { name: 'quiet', help: 'no progress on stderr', default: 'false', read: onOff },
  force: { name: 'force', help: 'run although preflight says it cannot fit', default: 'false', read: onOff },
} as const satisfies Record<string, Option<unknown>>;

type Options = typeof RUN_OPTIONS;
type ValueOf<O> = O extends { read: (text: string) => Read<infer T> } ? T : never;

/** A run as asked for: parsed once, complete, frozen. Settings without a default may be missing. */
export type RunConfig = Readonly<
  {
    [K in keyof Options]: Options[K] extends { default: string }
      ? ValueOf<Options[K]>
      : ValueOf<Options[K]> | undefined;
  } & { urls: readonly TargetUrl[]; plan: Plan }
>;

/** Settings as written, by option name: texts from the command line, whatever YAML or JSON had from a file. */
export type RawSettings = Readonly<Record<string, unknown>>;

/**
 * Reads settings, the command line over the file over the defaults.
 *
 * @param unknownFlags what the command line had beyond them
 *
 * @throws RigError EUSAGE that names every problem, not just the first
 */
export function parseRunConfig(
  commandLine: RawSettings,
  file: RawSettings = {},
  unknownFlags: readonly string[] = [],
): RunConfig {
  const problems = [...unknownFlags.map((flag) => `${flag} is not an option`), ...unknownKeys(file)];
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(RUN_OPTIONS) as Array<[string, Option<unknown>]>) {
    const given = commandLine[option.name] ?? file[option.name];
    const written = given === undefined ? option.default : asText(given);
    if (written === undefined) continue;
    const read = option.read(written);
    if ('problem' in read) problems.push(`--${option.name}: ${read.problem}`);
    else values[key] = read.value;
  }
  const urls = readUrls(commandLine['urls'] ?? file['urls'], problems);
  const parsed = { ...values, urls } as unknown as RunConfig;
  const named = (key: keyof Options): boolean =>
    commandLine[RUN_OPTIONS[key].name] !== undefined || file[RUN_OPTIONS[key].name] !== undefined;
  const plan = problems.length === 0 ? planOf(parsed, named, problems) : undefined;
  if (plan === undefined || problems.length > 0) throw usageError(problems, 'connrig run --help');
  // Levels that are a list say how many there are at the top.
  return Object.freeze({ ...parsed, plan, connections: peakOf(plan.legs[0]!) });
}

function readFailIf(given: string): Read<Threshold> {
  const threshold = readThreshold(given);
  return typeof threshold === 'string' ? { problem: threshold } : { value: threshold };
}

/** A name that is given both as text and as the folder's last part must not leave the folder. */
function readName(given: string): Read<string> {
  return /^[\w.-]{1,64}$/.test(given)
    ? { value: given }
    : { problem: `"${given}" is not 1 to 64 letters, digits, dots, dashes or underscores` };
}

function readTarget(given: string): Read<TargetSource> {
  const source = findTarget(given);
  return typeof source === 'string' ? { problem: source } : { value: source };
}

function readExporter(given: string): Read<ExporterSource> {
  const source = parseExporter(given);
  return typeof source === 'string' ? { problem: source } : { value: source };
}

function readMetrics(given: string): Read<ListenAddress> {
  const address = readListen(given);
  return typeof address === 'string' ? { problem: address } : { value: address };
}

/** The address may be left out, also in a config file; what follows on a command line is then easily taken for it. */
function readLive(given: string): Read<ListenAddress | undefined> {
  if (given === 'false') return { value: undefined };
  const address = readListen(given === 'true' ? LIVE_ADDRESS : given);
  if (typeof address !== 'string') return { value: address };
  return { problem: given.includes('://') ? `${address}; put --live behind the URL` : address };
}

function readBehaviour(given: string): Read<BehaviourPlan> {
  const plan = parseBehaviour(given);
  return typeof plan === 'string' ? { problem: plan } : { value: plan };
}

function readLevels(given: string): Read<Levels> {
  const numbers = given.split(',').map((part) => parseQuantity('count', part));
  if (numbers.some((level) => level === undefined || level < 1)) {
    return { problem: `"${given}" is neither a number of levels nor a list of levels such as 1k,2k,5k` };
  }
  const exactly = numbers as number[];
  if (exactly.length === 1) {
    return exactly[0]! > 1000 ? { problem: 'more than 1000 levels' } : { value: { count: exactly[0]! } };
  }
  if (exactly.some((level, i) => i > 0 && level <= exactly[i - 1]!)) return { problem: `${given} does not ascend` };
  return { value: { exactly } };
}

function readUrls(given: unknown, problems: string[]): TargetUrl[] {
  const texts =
    given === undefined
      ? []
      : Array.isArray(given)
        ? given.map(String)
        : String(given)
            .split(',')
            .map((one) => one.trim());
  const urls: TargetUrl[] = [];
  for (const one of texts) {
    const url = parseTargetUrl(one);
    if (typeof url === 'string') problems.push(url);
    else if (urls.some(({ protocol }) => protocol === url.protocol)) {
      problems.push(
        `${one}: one URL for each protocol; name more ports as a range, such as ${url.protocol}://host:9001-9004`,
      );
    } else urls.push(url);
  }
  return urls;
}

/** One leg for each protocol: of the URLs in their order, or of the built-in server. */
function planOf(config: RunConfig, named: (key: keyof Options) => boolean, problems: string[]): Plan {
  const { levels, connections } = config;
  const exactly = 'exactly' in levels ? levels.exactly : evenLevels(connections, levels.count);
  const protocols = protocolsOf(config, named('protocols'), problems);
  const top = exactly.at(-1) ?? 0;
  if (top !== connections && named('connections')) {
    problems.push(`--levels ends at ${top}, --connections says ${connections}: leave one of them out`);
  }
  if (config.urls.length > 0 && named('protocols')) problems.push('--protocol: the URLs name the protocols already');
  if (config.rttLimitMs !== undefined && !isTalk(config.behaviour.kind)) {
    problems.push(
      `--rtt-limit: no round trips are measured with --behaviour ${config.behaviour.kind}; take ${protocols.includes('http') ? 'request:5k/s' : 'echo:5k/s:64B'}, say`,
    );
  }
  problems.push(...behaviourProblems(config.behaviour.kind, protocols));
  if (config.sendOnOpen !== undefined && !protocols.includes('tcp')) {
    problems.push(
      '--send-on-open: only tcp sends what you say; a ws connection begins with its upgrade, an http one with its request',
    );
  }
  for (const { path } of config.failIf ?? []) {
    const own = PROTOCOLS.find((protocol) => protocol === path[0]);
    if (own && !protocols.includes(own))
      problems.push(`--fail-if: no leg of this run is ${own}; there is ${protocols.join(', ')}`);
  }
  problems.push(...targetProblems(config), ...servingProblems(config, named));
  if (top > 100_000_000)
    problems.push(`--connections: ${printQuantity('count', top)} is beyond what the rig can count`);
  // A pace that a small server keeps up with, unless that would take all day.
  const connectsPerSecond = config.connectsPerSecond ?? Math.max(2000, Math.ceil(top / 120));
  const leg = { levels: exactly, warmUp: warmUpBelow(exactly), connectsPerSecond, cycles: config.cycles };
  return { legs: protocols.map((protocol) => ({ protocol, ...leg })), launches: config.launches };
}

function protocolsOf(
  { urls, target, protocols }: RunConfig,
  isNamed: boolean,
  problems: string[],
): readonly ProtocolName[] {
  if (urls.length > 0) return urls.map(({ protocol }) => protocol);
  if (target === undefined) return protocols;
  const { name, protocols: spoken } = target.manifest;
  const wanted = isNamed ? protocols : spoken;
  const foreign = wanted.filter((protocol) => !spoken.includes(protocol));
  if (foreign.length > 0) problems.push(`--protocol: ${name} speaks ${spoken.join(', ')}, not ${foreign.join(', ')}`);
  return wanted;
}

/** Refused as a whole: a leg that would do nothing looks like one that was measured. */
function behaviourProblems(kind: BehaviourPlan['kind'], protocols: readonly ProtocolName[]): string[] {
  const unable = protocols.filter((protocol) => !canBehave(protocol, kind));
  if (unable.length === 0) return [];
  const why =
    kind === 'request'
      ? `${unable.join(' and ')} connections have no requests; give an http:// URL or --protocol http`
      : 'http connections have requests, not messages; take request:5k/s, or leave http out';
  return [`--behaviour ${kind}: ${why}`];
}

function servingProblems(config: RunConfig, named: (key: keyof Options) => boolean): string[] {
  const served = (['metrics', 'live'] as const).flatMap((name) => (config[name] ? [{ name, ...config[name] }] : []));
  if (served.length === 0 && named('lingerMs')) {
    return ['--linger: there is nothing to stay for without --metrics or --live'];
  }
  return served
    .filter(({ host }) => !isLoopback(host) && config.adminToken === undefined)
    .map(
      ({ name, host }) =>
        `--${name} ${host}: beyond this machine only who knows a token is answered; give --admin-token`,
    );
}

function targetProblems({ urls, pid, command, exporter, inspect, launches, target }: RunConfig): string[] {
  const problems: string[] = [];
  const hasUrl = urls.length > 0;
  if (target !== undefined) {
    if (hasUrl) problems.push('--target: it is started at ports of its own; leave the URL out');
    const others = { '--pid': pid, '--command': command, '--exporter': exporter, '--inspect': inspect };
    for (const [flag, value] of Object.entries(others)) {
      if (value !== undefined) problems.push(`${flag} and --target: leave one of them out`);
    }
    return problems;
  }
  if (!hasUrl && pid !== undefined) problems.push('--pid: give the URL at which that process listens, too');
  if (!hasUrl && command !== undefined) problems.push('--command: give the URL at which it is going to listen, too');
  if (!hasUrl && exporter !== undefined) problems.push('--exporter: give the URL to connect to, too');
  if (!hasUrl && inspect !== undefined) {
    problems.push('--inspect: the built-in server collects without it; give the URL of another one');
  }
  if (hasUrl && inspect !== undefined && pid === undefined && command === undefined && exporter === undefined) {
    problems.push(
      '--inspect: a heap is part of the memory of a process; name it with --pid, or start it with --command',
    );
  }
  if (hasUrl && command === undefined && launches > 1) {
    problems.push('--launches: only a target that the run itself starts can be started anew; give --command');
  }
  if (pid !== undefined && command !== undefined) {
    problems.push('--command and --pid: a server is either started by us or there already; leave one of them out');
  }
  return problems;
}

function unknownKeys(file: RawSettings): string[] {
  const known = ['urls', ...Object.values(RUN_OPTIONS).map(({ name }) => name as string)];
  return Object.keys(file)
    .filter((key) => !known.includes(key))
    .map((key) => `"${key}" is not a setting; there are ${known.join(', ')}`);
}

const asText = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(',') : String(value));
