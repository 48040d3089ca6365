import { canBehave, isTalk } from '../core/behaviours/behaviours.ts';
import { needsOf } from '../core/limit/objectives.ts';
import { DESCRIPTORS } from '../core/protocols/protocols.ts';
import type { SearchQuestion } from '../core/schemas/find-limit.ts';
import { usageError } from '../core/values/errors.ts';
import { FIND_LIMIT_OPTIONS, SEARCH_OPTIONS, STEP_OPTIONS } from './find-limit-options.ts';
import {
  type CommandLine,
  type OptionValues,
  type RawSettings,
  readOptions,
  strangerProblems,
} from './read-options.ts';
import { commandAgain } from './run-again.ts';
import { canStartAnew, parseRunConfig, type RunConfig } from './run-config.ts';
import { RUN_OPTIONS } from './run-options.ts';

/** A search as asked for: parsed once, complete. */
export interface FindLimitConfig extends OptionValues<typeof SEARCH_OPTIONS> {
  /** What each step is a run of; how many connections, opens or messages is up to the step. */
  readonly run: RunConfig;
  /** The least that the target's memory is held against, by `--memory-limit` or an objective. */
  readonly leastMemoryBytes: number | undefined;
  readonly question: SearchQuestion;
}

/** Over so many messages go, unless somebody says. */
const TALKERS = 100;
/** What messages are, unless somebody says; their rate is what is looked for. */
const MESSAGES = { messages: 'echo:1k/s:64B', requests: 'request:1k/s' } as const;

/** What doesn't change a step: the same search may go on with another of these. */
const OF_THE_SEARCH: ReadonlySet<string> = new Set(['from', 'most', 'within', 'max-steps', 'out', 'json', 'quiet']);

/**
 * Reads a command line, over the settings of a config file.
 *
 * @throws RigError EUSAGE that names every problem, not just the first
 */
export function parseFindLimitConfig(
  { given, words: urls, strangers, env }: CommandLine,
  file: RawSettings,
): FindLimitConfig {
  const problems = strangerProblems(strangers, FIND_LIMIT_OPTIONS);
  const { of, ...read } = readOptions(SEARCH_OPTIONS, { commandLine: given, env, file }, problems);
  // A file that runs share says how many they open.
  const connections = of !== 'messages' && given['connections'] === undefined ? undefined : read.connections;
  const search = { ...read, of, connections };
  const own: ReadonlySet<string> = new Set(Object.values(SEARCH_OPTIONS).map(({ name }) => name));
  const ofSteps = Object.values(STEP_OPTIONS).map(({ name }) => name);
  const isSaid = (name: string): boolean => given[name] !== undefined || file[name] !== undefined;
  const hasUrl = urls.length > 0 || file['urls'] !== undefined;
  const leastMemoryBytes = leastMemoryOf(search);
  const one: RawSettings = {
    ...Object.fromEntries(ofSteps.map((name) => [name, given[name]])),
    ...(urls.length > 0 && { urls }),
    ...(!hasUrl && !isSaid('protocol') && { protocol: protocolOf(given['target'] ?? file['target']) }),
    ...(leastMemoryBytes !== undefined && { 'memory-limit': String(leastMemoryBytes) }),
    headroom: '0%',
    connections: '1',
    levels: '1',
  };
  const shared = Object.fromEntries(Object.entries(file).filter(([name]) => !own.has(name) && !isOfRunsAlone(name)));
  const run = withTalk(
    search.of,
    isSaid('behaviour'),
    parseRunConfig(one, shared, [], undefined, env, 'find-limit', problems),
  );
  const found = searchProblems(search, run, isSaid('behaviour'), given['rate'] !== undefined);
  if (found.length > 0) throw usageError(found, 'connrig find-limit --help');
  return { ...search, run, leastMemoryBytes, question: questionOf(search, run, given, file) };
}

/** The first of those that a target speaks; with the built-in server that which most are asked about. */
function protocolOf(target: unknown): string {
  const read = target === undefined ? undefined : STEP_OPTIONS.target.read(String(target));
  return read !== undefined && 'value' in read ? (read.value.manifest.protocols[0] ?? 'ws') : 'ws';
}

/** A config file may be that of runs, too: what these measure by is left aside. */
const isOfRunsAlone = (name: string): boolean =>
  Object.values(RUN_OPTIONS).some((option) => option.name === name) &&
  !Object.values(FIND_LIMIT_OPTIONS).some((option) => option.name === name);

/** Messages that nobody described are small ones, by what the protocol exchanges. */
function withTalk(of: FindLimitConfig['of'], isSaid: boolean, run: RunConfig): RunConfig {
  const exchange = exchangeOf(run);
  if (of !== 'messages' || isSaid || exchange === 'events') return run;
  const { behaviour } = readOptions(
    { behaviour: RUN_OPTIONS.behaviour },
    { commandLine: { behaviour: MESSAGES[exchange] } },
    [],
  );
  const legs = run.plan.legs.map((leg) => ({ ...leg, behaviour }));
  return { ...run, behaviour, plan: { ...run.plan, legs } };
}

const exchangeOf = ({ plan }: RunConfig) => DESCRIPTORS[plan.legs[0]!.protocol].exchange;

type Search = OptionValues<typeof SEARCH_OPTIONS>;

function searchProblems(search: Search, run: RunConfig, isBehaviourSaid: boolean, isRateGiven: boolean): string[] {
  const { of, objectives = [], memoryLimitBytes, connections } = search;
  const { plan, behaviour } = run;
  const problems: string[] = [];
  const names = plan.legs.map(({ name }) => name);
  if (names.length > 1) {
    const how = run.urls.length > 1 ? 'give one URL' : `--protocol ${names[0]}, say`;
    problems.push(`a search is of one leg at a time, not of ${names.join(' and ')}: ${how}`);
  }
  if (objectives.length === 0 && memoryLimitBytes === undefined) {
    problems.push("there is nothing that has to hold: --slo 'open.p99 < 100ms' or --memory-limit 2GiB, say");
  }
  const { protocol } = plan.legs[0]!;
  if (of === 'messages' && !isTalk(behaviour.kind)) {
    const instead = isBehaviourSaid && exchangeOf(run) !== 'events' ? '; leave --behaviour out' : '';
    problems.push(`--of messages: nothing comes back with --behaviour ${behaviour.kind} over ${protocol}${instead}`);
  }
  if (of !== 'messages' && connections !== undefined) {
    problems.push(`--connections: with --of ${of} it is what the search says; --from is the first guess`);
  }
  if (of === 'opens' && isTalk(behaviour.kind)) {
    problems.push('--of opens: connections open and say nothing; leave --behaviour out');
  }
  if (of === 'opens' && isRateGiven) {
    problems.push('--rate: with --of opens it is what the search says; --from is the first guess');
  }
  for (const objective of objectives) {
    const lacks = whatLacks(needsOf(objective), search, run);
    if (lacks !== undefined) problems.push(`--slo ${objective.name}: ${lacks}`);
  }
  if (memoryLimitBytes !== undefined && !canReadMemory(run)) problems.push(`--memory-limit: ${NO_MEMORY}`);
  return problems;
}

function leastMemoryOf({ memoryLimitBytes, objectives = [] }: Search): number | undefined {
  const limits = objectives.filter(({ name }) => name === 'memory').map(({ limit }) => limit);
  const all = memoryLimitBytes === undefined ? limits : [...limits, memoryLimitBytes];
  return all.length === 0 ? undefined : Math.min(...all);
}

const NO_MEMORY = 'nobody tells the memory of the target; give --pid, --command or --exporter';

function whatLacks(needs: ReturnType<typeof needsOf>, { of }: Search, run: RunConfig): string | undefined {
  const { behaviour, plan } = run;
  const exchange = exchangeOf(run);
  if (needs === 'memory') return canReadMemory(run) ? undefined : NO_MEMORY;
  if (needs === undefined || (isTalk(behaviour.kind) && (needs !== 'answers' || exchange === 'requests')))
    return undefined;
  if (of === 'opens') return 'connections that are only opened have no round trips; open.p99 is how long that takes';
  if (needs === 'answers' && exchange !== 'requests') return 'only answers of http say that something is an error';
  const other = canBehave(plan.legs[0]!.protocol, 'request') ? 'request:1k/s' : 'echo:1k/s:64B';
  const instead = exchange === 'events' ? 'event streams have none' : `take ${other}, say`;
  return `no round trips are measured with --behaviour ${behaviour.kind}; ${instead}`;
}

const canReadMemory = (run: RunConfig): boolean =>
  canStartAnew(run) || run.pid !== undefined || run.exporter !== undefined;

function questionOf(search: Search, { urls }: RunConfig, given: RawSettings, file: RawSettings): SearchQuestion {
  const { of, objectives = [], memoryLimitBytes = null, repeats, holdMs } = search;
  const table = Object.fromEntries(
    Object.entries(FIND_LIMIT_OPTIONS).filter(([, { name }]) => !OF_THE_SEARCH.has(name)),
  );
  const texts = urls.map(({ text }) => text);
  return {
    of,
    objectives: objectives.map(({ expression }) => expression),
    memoryLimitBytes,
    repeats,
    holdMs,
    command: commandAgain(texts, given, file, { command: 'find-limit', table }),
  };
}

/** Over how many connections messages go. */
export const talkersOf = ({ connections }: FindLimitConfig): number => connections ?? TALKERS;
