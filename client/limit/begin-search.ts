import { join } from 'node:path';
import type { FindLimitConfig } from '../../config/find-limit-config.ts';
import { FIND_LIMIT_SCHEMA, type FindLimit } from '../../core/schemas/find-limit.ts';
import { redactText } from '../../core/values/secrets.ts';
import { humanCount } from '../../core/values/units.ts';
import { setAside } from '../../lab/run-cell.ts';
import type { RunDeps } from '../deps.ts';
import { type Examined, examinePlan } from '../examine.ts';
import { run as runOnce } from '../run.ts';
import { forecastConfig, mostAt } from './step-config.ts';

/** What a search begins with beside its config. */
export interface Beginning {
  readonly run: RunDeps;
  readonly folder: string;
  /** What a forecast run came to; undefined where it was interrupted. @throws RigError what kept it from opening anything */
  readonly forecast: (folder: string) => FindLimit['from'] | undefined;
  /** What the limit of this machine is called. */
  readonly nameLimit: (limiter: NonNullable<Examined['most']['limiter']>) => string;
  readonly say: (line: string) => void;
}

/** Connections of a forecast: enough to tell a cost, few enough for any server that is worth the question. */
const FORECAST_TOP = 1000;
/** Nobody can tell by connections how many messages a server answers. */
const MESSAGES_FROM = 1000;
/** No rate beyond this can be told from another one. */
const MOST_RATE = 10_000_000;

/**
 * A search before its first step: its first guess, by `--from` or a forecast, and how far it may go.
 *
 * @returns undefined where it was interrupted
 * @throws RigError what keeps it from being made
 */
export async function beginSearch(config: FindLimitConfig, beginning: Beginning): Promise<FindLimit | undefined> {
  const most = await mostOf(config, beginning);
  const from = await fromOf(config, most.at, beginning);
  if (from === undefined) return undefined;
  const { run, within, maxSteps, question } = config;
  const urls = run.urls.map(({ text }) => text);
  const own = urls.length === 0 ? 'connrig reference server' : urls.join(' ');
  return {
    schema: FIND_LIMIT_SCHEMA,
    connrigVersion: beginning.run.version,
    startedAt: beginning.run.wallClock().toISOString(),
    finishedAt: null,
    status: 'running',
    exitCode: null,
    question,
    target: { name: redactText(run.target?.manifest.name ?? run.command ?? own), urls },
    within,
    maxSteps,
    from,
    most,
    steps: [],
    bracket: { held: null, broke: null },
    error: null,
  };
}

/**
 * A search that was begun before, to be gone on with: how far and how closely may be asked for anew.
 *
 * @throws RigError what keeps it from being made
 */
export async function resumeSearch(
  config: FindLimitConfig,
  search: FindLimit,
  nameLimit: Beginning['nameLimit'],
): Promise<FindLimit> {
  const { within, maxSteps } = config;
  const most = await mostOf(config, { nameLimit });
  const from = config.from === undefined ? search.from : { at: Math.min(config.from, most.at), why: '--from' };
  return { ...search, within, maxSteps, from, most, status: 'running', exitCode: null, finishedAt: null, error: null };
}

/** What preflight says this machine can hold, before the first socket; `--force` goes beyond. */
async function mostOf(
  config: FindLimitConfig,
  { nameLimit }: Pick<Beginning, 'nameLimit'>,
): Promise<FindLimit['most']> {
  const { most: asked, run } = config;
  const { obstacle, most } = await examinePlan(run);
  if (obstacle) throw obstacle;
  const isBounded = most.limiter !== null && !run.force;
  const ofMachine = Math.min(MOST_RATE, isBounded ? mostAt(config, most.connections) : MOST_RATE);
  if (asked !== undefined && asked <= ofMachine)
    return { at: asked, why: 'the most that was asked for', isAsked: true };
  const why =
    most.limiter === null || ofMachine === MOST_RATE ? 'the most that can be told apart' : nameLimit(most.limiter);
  return { at: ofMachine, why, isAsked: false };
}

async function fromOf(
  config: FindLimitConfig,
  most: number,
  { run, folder, forecast, say }: Beginning,
): Promise<FindLimit['from'] | undefined> {
  if (config.from !== undefined) return { at: Math.min(config.from, most), why: '--from' };
  if (config.of === 'messages') return { at: Math.min(MESSAGES_FROM, most), why: 'a guess' };
  const own = join(folder, 'forecast');
  setAside(own);
  const top = Math.min(FORECAST_TOP, most);
  say(`a first guess by a run of up to ${humanCount(top)} connections`);
  await runOnce(forecastConfig(config, top, own), run);
  const found = forecast(own);
  return found && { ...found, at: Math.min(found.at, most) };
}
