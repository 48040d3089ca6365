import type { ProtocolName } from '../protocols/names.ts';
import { DESCRIPTORS } from '../protocols/protocols.ts';
import { BROADCAST } from './broadcast.ts';
import { CHURN } from './churn.ts';
import type { BehaviourDescriptor } from './descriptor.ts';
import { ECHO } from './echo.ts';
import { HEARTBEAT } from './heartbeat.ts';
import { IDLE } from './idle.ts';
import { POLL } from './poll.ts';
import { REQUEST } from './request.ts';
import { SLOW, type SlowPlan } from './slow.ts';
import { STORM } from './storm.ts';
import { VANISH } from './vanish.ts';

/** Every behaviour, by its name: parser, help, checks, labels of metrics and engines' part of it come from here. */
const TABLE = {
  idle: IDLE,
  heartbeat: HEARTBEAT,
  echo: ECHO,
  request: REQUEST,
  poll: POLL,
  churn: CHURN,
  storm: STORM,
  slow: SLOW,
  vanish: VANISH,
  broadcast: BROADCAST,
} as const;

type Kind = keyof typeof TABLE;
/** What an open connection does. */
export type BehaviourPlan = {
  [K in Kind]: (typeof TABLE)[K] extends BehaviourDescriptor<infer Plan> ? Plan : never;
}[Kind];

export const BEHAVIOURS = Object.keys(TABLE) as [Kind, ...Kind[]];

export type { SlowPlan };
/** What open connections do all the time, whatever else befalls some of them. */
export type ThroughoutPlan = SlowPlan['beside'];

/** Itself, where nothing stands beside it. */
export const throughoutOf = (plan: BehaviourPlan): Exclude<BehaviourPlan, SlowPlan> =>
  'beside' in plan ? plan.beside : plan;

export const canBehave = (protocol: ProtocolName, kind: Kind): boolean =>
  TABLE[kind].needs?.includes(DESCRIPTORS[protocol].exchange) ?? true;

/** Whether round trips can be measured. A record may have a kind that isn't known here: that doesn't talk. */
export const isTalk = (plan: {
  readonly kind: string;
  readonly beside?: { readonly kind: string } | undefined;
}): boolean => (isKind(plan.kind) && TABLE[plan.kind].talks) || (plan.beside !== undefined && isTalk(plan.beside));

/** Whether it is something that is done to a level once that was read; see `client/conductor/episodes/`. */
export const isEpisode = (kind: Kind): boolean => {
  const descriptor: BehaviourDescriptor<BehaviourPlan> = TABLE[kind] as never;
  return descriptor.episode === true;
};

/** What *still* means while connections do this. */
export const isSteadyWith = (kind: Kind): BehaviourDescriptor<BehaviourPlan>['isSteady'] => TABLE[kind].isSteady;

/** How it is written, with values that are usual. */
export const behaviourExample = (kind: Kind): string => TABLE[kind].example;

/** Whether levels are read at rest before connections do this. A kind that isn't known here does nothing. */
export const followsRest = (kind: string): boolean => isKind(kind) && TABLE[kind].followsRest === true;

/** Whether connections keep still while levels are held: what they do has its own time. */
export const restsAtLevels = (kind: string): boolean =>
  followsRest(kind) || (isKind(kind) && TABLE[kind].ownStretch === true);

/** For the help: how each is written, and what it is. */
export const behaviourHelp = (): string =>
  BEHAVIOURS.map((kind) => `${TABLE[kind].example} (${TABLE[kind].help})`).join(', ');

/**
 * Reads what stands in the examples, such as `heartbeat:30s`, `echo:5k/s:64B`, `poll:/updates`, `storm:100%:backoff`
 * `slow:10%+echo:5k/s:64B` or `broadcast:1/s:256B`.
 *
 * @returns the plan, or a sentence that says what is wrong
 */
export function parseBehaviour(text: string): BehaviourPlan | string {
  const [kind = '', ...parts] = text.split(':');
  const plus = text.indexOf('+');
  // A path may have a plus of its own.
  if (plus >= 0 && isKind(kind) && TABLE[kind].takesBeside) return parseBoth(text.slice(0, plus), text.slice(plus + 1));
  const parsed = isKind(kind) ? TABLE[kind].parse(parts, text) : undefined;
  if (parsed !== undefined) return parsed;
  const examples = BEHAVIOURS.map((name) => TABLE[name].example);
  return `"${text}" is not a behaviour: ${examples.slice(0, -1).join(', ')} or ${examples.at(-1)}`;
}

/** @param beside what is written behind the plus */
function parseBoth(text: string, beside: string): BehaviourPlan | string {
  const plan = parseBehaviour(text);
  const other = parseBehaviour(beside);
  if (typeof plan === 'string') return plan;
  if (typeof other === 'string') return other;
  if (!('beside' in plan)) return `"${text}" has nothing beside it`;
  if (!isBeside(other)) {
    const able = BEHAVIOURS.filter((name) => TABLE[name].standsBeside).join(', ');
    return `"${text}+${beside}": ${other.kind} can't stand beside it; one of these can: ${able}`;
  }
  if (plan.sharePercent === 100 && isTalk(other)) {
    return `"${text}+${beside}" leaves nobody whose round trips could be measured; a share below 100%, or no ${other.kind}`;
  }
  return { ...plan, beside: other };
}

const isBeside = (plan: BehaviourPlan): plan is ThroughoutPlan => TABLE[plan.kind].standsBeside === true;

const isKind = (text: string): text is Kind => Object.hasOwn(TABLE, text);
