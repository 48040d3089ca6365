import { isDeepStrictEqual } from 'node:util';
import { type BehaviourPlan, canBehave, isTalk } from '../core/behaviours/behaviours.ts';
import type { ProtocolName } from '../core/protocols/names.ts';
import { DESCRIPTORS, findProtocols } from '../core/protocols/protocols.ts';
import type { Leg } from '../core/schemas/leg.ts';
import { isLegName, nameLegs } from '../core/schemas/leg-name.ts';
import type { EarlierRun } from '../core/schemas/record.ts';
import { usageError } from '../core/values/errors.ts';
import { evenLevels, type Plan, peakOf, warmUpBelow } from '../core/values/plan.ts';
import { printQuantity } from '../core/values/units.ts';
import { parseTargetUrl, type TargetUrl } from '../core/values/urls.ts';
import { accessProblems } from './admin-options.ts';
import { baselineProblems } from './baseline.ts';
import { findNearest } from './nearest.ts';
import { type OptionValues, type RawSettings, readOptions, strangerProblems } from './read-options.ts';
import { commandAgain } from './run-again.ts';
import { RUN_OPTIONS } from './run-options.ts';

type Options = typeof RUN_OPTIONS;

const LAUNCHES_AGAINST_BASELINE = 3;

/** A run as asked for: parsed once, complete, frozen. Settings without a default may be missing. */
export type RunConfig = Readonly<
  Omit<OptionValues<Options>, 'baseline'> & {
    urls: readonly TargetUrl[];
    plan: Plan;
    baseline: EarlierRun | undefined;
    /** The command that asks for the same. */
    again: string;
  }
>;

/**
 * Reads settings, the command line over the environment over the file over the defaults.
 *
 * @param unknownFlags what the command line had beyond them
 * @param readBaseline an earlier run from its folder, or what is wrong with it; asked only where one is named
 * @param command whose help is the hint
 *
 * @throws RigError EUSAGE that names every problem, not just the first
 */
export function parseRunConfig(
  commandLine: RawSettings,
  file: RawSettings = {},
  unknownFlags: readonly string[] = [],
  readBaseline: (folder: string) => EarlierRun | string = (folder) => `nobody here can read ${folder}`,
  env: Readonly<Record<string, string | undefined>> = {},
  command = 'run',
): RunConfig {
  const problems = [...strangerProblems(unknownFlags, RUN_OPTIONS), ...unknownKeys(file)];
  const values: Record<string, unknown> = readOptions(RUN_OPTIONS, { commandLine, env, file }, problems);
  if (typeof values['baseline'] === 'string') {
    values['baseline'] = readBaseline(values['baseline']);
    if (typeof values['baseline'] === 'string') problems.push(`--baseline: ${values['baseline']}`);
  }
  const urls = readUrls(commandLine['urls'] ?? file['urls'], problems);
  const parsed = { ...values, urls } as unknown as RunConfig;
  const named = (key: keyof Options): boolean =>
    commandLine[RUN_OPTIONS[key].name] !== undefined || file[RUN_OPTIONS[key].name] !== undefined;
  const plan = problems.length === 0 ? planOf(parsed, named, problems) : undefined;
  if (plan === undefined || problems.length > 0) throw usageError(problems, `connrig ${command} --help`);
  // Levels that are a list say how many there are at the top.
  const again = commandAgain(
    urls.map(({ text }) => text),
    commandLine,
    file,
  );
  return Object.freeze({ ...parsed, again, plan, connections: peakOf(plan.legs[0]!) });
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
    else if (urls.some((other) => isDeepStrictEqual({ ...other, text: '' }, { ...url, text: '' }))) {
      problems.push(
        `${url.text}: it is there twice; --launches measures the same again, and --cycles climbs again; more ports are a range, such as ${url.protocol}://host:9001-9004`,
      );
    } else urls.push(url);
  }
  return urls;
}

/** One leg for each URL in their order, or for each protocol of the built-in server. */
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
      `--rtt-limit: no round trips are measured with --behaviour ${config.behaviour.kind}; take ${protocols.some((name) => DESCRIPTORS[name].exchange === 'requests') ? 'request:5k/s' : 'echo:5k/s:64B'}, say`,
    );
  }
  problems.push(...behaviourProblems(config.behaviour.kind, protocols));
  const sending = findProtocols(({ sendsFirst }) => sendsFirst);
  if (config.sendOnOpen !== undefined && !protocols.some((name) => sending.includes(name))) {
    const begin = protocols.map((name) => `one of ${name} begins with ${DESCRIPTORS[name].beginsWith}`).join(', ');
    problems.push(`--send-on-open: only ${sending.join(' and ')} connections send what you say; ${begin}`);
  }
  const compressing = findProtocols(({ compresses }) => compresses);
  if (config.perMessageDeflate !== 'off' && !protocols.some((name) => compressing.includes(name))) {
    problems.push(
      `--per-message-deflate: only ${compressing.join(' and ')} compresses messages; the legs of this run are ${protocols.join(', ')}`,
    );
  }
  const names = nameLegs(protocols);
  for (const { path } of config.failIf ?? []) {
    const [first = ''] = path;
    if (isLegName(first) && !names.includes(first))
      problems.push(`--fail-if: no leg of this run is ${first}; there is ${names.join(', ')}`);
  }
  problems.push(...targetProblems(config), ...servingProblems(config, named));
  if (top > 100_000_000)
    problems.push(`--connections: ${printQuantity('count', top)} is beyond what the rig can count`);
  // A pace that a small server keeps up with, unless that would take all day.
  const connectsPerSecond = config.connectsPerSecond ?? Math.max(2000, Math.ceil(top / 120));
  const legs = protocols.map(
    (protocol, index): Leg => ({
      name: names[index]!,
      url: config.urls[index]?.text ?? null,
      protocol,
      transport: 'plain',
      behaviour: config.behaviour,
      close: config.close,
      perMessageDeflate: DESCRIPTORS[protocol].compresses ? config.perMessageDeflate : 'off',
      sendOnOpen: DESCRIPTORS[protocol].sendsFirst ? config.sendOnOpen?.hex : undefined,
      warmUp: warmUpBelow(exactly),
      levels: exactly,
      connectsPerSecond,
      cycles: config.cycles,
    }),
  );
  const plan = { legs, launches: launchesOf(config, named) };
  if (config.baseline) {
    problems.push(...baselineProblems(config.baseline, plan, config).map((problem) => `--baseline: ${problem}`));
  } else if (named('maxGrowthPercent')) {
    problems.push('--max-growth: there is nothing to grow from without --baseline; --baseline runs/main, say');
  }
  return plan;
}

/** A cost that is held against another has to know how far launches scatter, where there can be several. */
function launchesOf(config: RunConfig, named: (key: keyof Options) => boolean): number {
  const { baseline, launches } = config;
  return baseline && canStartAnew(config) && !named('launches') ? LAUNCHES_AGAINST_BASELINE : launches;
}

/** Whether the run starts its target itself, and so can start it again. */
export const canStartAnew = ({ urls, command }: Pick<RunConfig, 'urls' | 'command'>): boolean =>
  urls.length === 0 || command !== undefined;

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
  const [asking] = findProtocols(({ exchange }) => exchange === 'requests');
  const names = unable.join(' and ');
  const why =
    kind === 'request'
      ? `${names} connections have no requests; give an ${asking}:// URL or --protocol ${asking}`
      : `${names} connections have requests, not messages; take request:5k/s, or leave ${names} out`;
  return [`--behaviour ${kind}: ${why}`];
}

function servingProblems(config: RunConfig, named: (key: keyof Options) => boolean): string[] {
  const served = (['metrics', 'live'] as const).flatMap((name) => (config[name] ? [{ name, ...config[name] }] : []));
  if (served.length === 0 && named('lingerMs')) {
    return ['--linger: there is nothing to stay for without --metrics or --live'];
  }
  return served.flatMap(({ name, host }) => accessProblems(`--${name} ${host}`, host, config.adminToken));
}

function targetProblems({ urls, pid, command, exporter, inspect, collect, launches, target }: RunConfig): string[] {
  const problems: string[] = [];
  const hasUrl = urls.length > 0;
  if (hasUrl && collect === 'auto' && pid === undefined && command === undefined) {
    problems.push(
      '--collect auto: a process of this machine is asked by a signal; name it with --pid, or start it with --command',
    );
  }
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
  if (!canStartAnew({ urls, command }) && launches > 1) {
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
    .map((key) => {
      const meant = findNearest(toOptionName(key), known);
      return `"${key}" is not a setting${meant === undefined ? `; there are ${known.join(', ')}` : ` (did you mean ${meant}?)`}`;
    });
}

/** As options are spelt: `settle_timeout` and `settleTimeout` are meant for `settle-timeout`. */
const toOptionName = (key: string): string =>
  key.replace(/_/g, '-').replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
