import { isDeepStrictEqual } from 'node:util';
import { throughoutOf } from '../core/behaviours/behaviours.ts';
import type { Leg } from '../core/schemas/leg.ts';
import type { EarlierRun } from '../core/schemas/record.ts';
import { usageError } from '../core/values/errors.ts';
import { LEAST_TO_FIND } from '../core/values/pace.ts';
import { evenLevels, type Plan, peakOf } from '../core/values/plan.ts';
import { printQuantity } from '../core/values/units.ts';
import { parseTargetUrl, type TargetUrl } from '../core/values/urls.ts';
import { isLoopback } from '../telemetry/listen.ts';
import { accessProblems, readAdminTls } from './admin-options.ts';
import { baselineProblems } from './baseline.ts';
import { fleetAccess, fleetProblems } from './fleet-problems.ts';
import { legsOf } from './legs.ts';
import { findNearest } from './nearest.ts';
import { type RawSettings, readOptions, strangerProblems } from './read-options.ts';
import { restartProblems } from './restart-problems.ts';
import { commandAgain } from './run-again.ts';
import type { IsNamed, RunConfig } from './run-config-shape.ts';
import { RUN_OPTIONS } from './run-options.ts';
import { shareProblems } from './share-problems.ts';
import { underProtocols } from './stream-urls.ts';
import { readTlsMaterial } from './tls-material.ts';
import { asksOverTls } from './tls-problems.ts';

export type { RunConfig } from './run-config-shape.ts';

type Paced = Pick<RunConfig, 'connectsPerSecond' | 'fleet' | 'urls' | 'command'>;

/**
 * Whether the pace at which connections open is to be found by what the target bears. One that was there before the run may serve others, or
 * limit how many come: it isn't pushed. Orders to other machines take too long.
 */
export const isPaceOpen = (config: Paced, { warmUp }: Pick<Leg, 'warmUp'>): boolean =>
  config.connectsPerSecond === undefined &&
  config.fleet === undefined &&
  canStartAnew(config) &&
  warmUp >= LEAST_TO_FIND;

const LAUNCHES_AGAINST_BASELINE = 3;

/**
 * Reads settings, the command line over the environment over the file over the defaults.
 *
 * @param unknownFlags what the command line had beyond them
 * @param readBaseline an earlier run from its folder, or what is wrong with it; asked only where one is named
 * @param command whose help is the hint
 * @param found what is wrong besides
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
  found: readonly string[] = [],
): RunConfig {
  const problems = [...found, ...strangerProblems(unknownFlags, RUN_OPTIONS), ...unknownKeys(file)];
  // A file may have it in full, where the command line names another file.
  const inlineOpening = typeof file['opening'] === 'object' ? file['opening'] : undefined;
  const written = { commandLine, env, file: inlineOpening ? { ...file, opening: undefined } : file };
  const values: Record<string, unknown> = readOptions(RUN_OPTIONS, written, problems);
  if (typeof values['baseline'] === 'string') {
    values['baseline'] = readBaseline(values['baseline']);
    if (typeof values['baseline'] === 'string') problems.push(`--baseline: ${values['baseline']}`);
  }
  const { fleet, fleetCa } = fleetAccess(values, env, problems);
  const named: IsNamed = (key) =>
    commandLine[RUN_OPTIONS[key].name] !== undefined || file[RUN_OPTIONS[key].name] !== undefined;
  const protocols = named('protocols') ? (values['protocols'] as RunConfig['protocols'] | undefined) : undefined;
  const urls = readUrls(commandLine['urls'] ?? file['urls'], protocols, problems);
  const parsed = {
    ...values,
    fleet,
    fleetCa,
    redisPassword: undefined,
    urls,
    inlineOpening,
    openings: [],
  } as unknown as RunConfig;
  const plan = problems.length === 0 ? planOf(parsed, named, problems) : undefined;
  if (plan !== undefined && !OF_ONE.has(command)) problems.push(...shareProblems(plan));
  const needsTls = asksOverTls(parsed) || plan?.legs.some(({ transport }) => transport === 'tls');
  const tlsMaterial = needsTls ? readTlsMaterial(parsed, env, problems) : undefined;
  const adminTls = readAdminTls(parsed, env, problems);
  if (plan === undefined || problems.length > 0) throw usageError(problems, `connrig ${command} --help`);
  // Levels that are a list say how many there are at the top.
  const again = commandAgain(
    urls.map(({ text }) => text),
    commandLine,
    file,
  );
  // As connections of all legs have it, with what other options say of it.
  const { behaviour } = plan.legs[0]!;
  return Object.freeze({
    ...parsed,
    behaviour,
    again,
    plan,
    tlsMaterial,
    adminTls,
    connections: peakOf(plan.legs[0]!),
  });
}

/** @param protocols what --protocol says; undefined where it says nothing that can be read */
function readUrls(given: unknown, protocols: RunConfig['protocols'] | undefined, problems: string[]): TargetUrl[] {
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
    const read = parseTargetUrl(one);
    const url = typeof read === 'string' || !protocols ? read : underProtocols(read, protocols);
    if (typeof url === 'string') {
      if (!problems.includes(url)) problems.push(url);
    } else if (urls.some((other) => isDeepStrictEqual({ ...other, text: '' }, { ...url, text: '' }))) {
      problems.push(
        `${url.text}: it is there twice; --launches measures the same again, and --cycles climbs again; more ports are a range, such as ${url.scheme}://host:9001-9004`,
      );
    } else urls.push(url);
  }
  return urls;
}

/** Commands whose plan is of one connection: how many there are going to be, they say by themselves. */
const OF_ONE: ReadonlySet<string> = new Set(['try', 'find-limit']);

function planOf(config: RunConfig, named: IsNamed, problems: string[]): Plan {
  const { levels, connections } = config;
  const exactly = 'exactly' in levels ? levels.exactly : evenLevels(connections, levels.count);
  const top = exactly.at(-1) ?? 0;
  if (top !== connections && named('connections')) {
    problems.push(`--levels ends at ${top}, --connections says ${connections}: leave one of them out`);
  }
  const legs = legsOf(config, exactly, named, problems);
  problems.push(...restartProblems(config, canStartAnew(config)), ...fleetProblems(config, legs, named));
  problems.push(
    ...targetProblems(config),
    ...listenProblems(config, legs, named),
    ...exporterProblems(config),
    ...servingProblems(config, named),
  );
  if (top > 100_000_000)
    problems.push(`--connections: ${printQuantity('count', top)} is beyond what the rig can count`);
  const plan = { legs, launches: launchesOf(config, named) };
  if (config.baseline) {
    problems.push(...baselineProblems(config.baseline, plan, config).map((problem) => `--baseline: ${problem}`));
  } else if (named('maxGrowthPercent')) {
    problems.push('--max-growth: there is nothing to grow from without --baseline; --baseline runs/main, say');
  }
  return plan;
}

/** A cost that is held against another has to know how far launches scatter, where there can be several. */
function launchesOf(config: RunConfig, named: IsNamed): number {
  const { baseline, launches } = config;
  return baseline && canStartAnew(config) && !named('launches') ? LAUNCHES_AGAINST_BASELINE : launches;
}

/** Whether the run starts its target itself, and so can start it again. */
export const canStartAnew = ({ urls, command }: Pick<RunConfig, 'urls' | 'command'>): boolean =>
  urls.length === 0 || command !== undefined;

/** Whether connections say more until they are open than their protocol has them say. */
export function saysSomething(config: RunConfig): boolean {
  const { inlineOpening, urls } = config;
  const behaviour = throughoutOf(config.behaviour);
  const paths = [...urls.map(({ path }) => path), behaviour.kind === 'request' ? behaviour.path : undefined];
  // A path may have holes.
  if (inlineOpening !== undefined || paths.some((path) => path?.includes('{'))) return true;
  return SAYING.some((key) => config[key] !== undefined);
}

const SAYING = [
  'header',
  'cookie',
  'origin',
  'subprotocols',
  'data',
  'dialect',
  'dialectSettings',
  'opening',
  'sendOnOpen',
  'expect',
] as const satisfies ReadonlyArray<keyof RunConfig>;

function servingProblems(config: RunConfig, named: IsNamed): string[] {
  const served = (['metrics', 'live'] as const).flatMap((name) => (config[name] ? [{ name, ...config[name] }] : []));
  if (served.length === 0) {
    const idle = (['lingerMs', 'adminCert', 'adminKey'] as const).find(named);
    return idle === undefined
      ? []
      : [
          `--${RUN_OPTIONS[idle].name}: ${idle === 'lingerMs' ? 'there is nothing to stay for' : 'nothing is served'} without --metrics or --live`,
        ];
  }
  return served.flatMap(({ name, host }) => accessProblems(`--${name} ${host}`, host, config.adminToken));
}

/** A token is for one that has proved who it is. */
function exporterProblems({ exporter, exporterToken, insecure }: RunConfig): string[] {
  if (!exporter?.url.startsWith('https:') || exporterToken === undefined || !insecure) return [];
  const { hostname } = new URL(exporter.url);
  if (isLoopback(hostname.replace(/^\[|\]$/g, ''))) return [];
  return [
    `--insecure: --exporter-token would be told to whoever answers at ${hostname}; give --ca <file> in place of --insecure`,
  ];
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

/** Others say by their URL where they listen. */
function listenProblems({ urls, target }: RunConfig, legs: readonly Leg[], named: IsNamed): string[] {
  if (!named('listen')) return [];
  if (target !== undefined) return ['--listen: servers of --target listen at 127.0.0.1; leave one of them out'];
  if (urls.length > 0) return ['--listen: only the built-in server is told where to listen; leave it or the URL out'];
  const isNowhere = legs.every(({ family }) => family === 'unix');
  return isNowhere ? ['--listen: a Unix socket has no address; leave it out'] : [];
}

function unknownKeys(file: RawSettings): string[] {
  const known = ['urls', ...Object.values(RUN_OPTIONS).map(({ name }) => name as string)];
  return (
    Object.keys(file)
      // Those of `connrig variants`, which may share the file.
      .filter((key) => key !== 'variants' && !known.includes(key))
      .map((key) => {
        const meant = findNearest(toOptionName(key), known);
        return `"${key}" is not a setting${meant === undefined ? `; there are ${known.join(', ')}` : ` (did you mean ${meant}?)`}`;
      })
  );
}

/** As options are spelt: `settle_timeout` and `settleTimeout` are meant for `settle-timeout`. */
const toOptionName = (key: string): string =>
  key.replace(/_/g, '-').replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
