import type { ProtocolName } from '../protocols/names.ts';
import { DESCRIPTORS } from '../protocols/protocols.ts';
import { CHURN } from './churn.ts';
import type { BehaviourDescriptor } from './descriptor.ts';
import { ECHO } from './echo.ts';
import { HEARTBEAT } from './heartbeat.ts';
import { IDLE } from './idle.ts';
import { POLL } from './poll.ts';
import { REQUEST } from './request.ts';
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
  vanish: VANISH,
} as const;

type Kind = keyof typeof TABLE;
/** What an open connection does. */
export type BehaviourPlan = {
  [K in Kind]: (typeof TABLE)[K] extends BehaviourDescriptor<infer Plan> ? Plan : never;
}[Kind];

export const BEHAVIOURS = Object.keys(TABLE) as [Kind, ...Kind[]];

export const canBehave = (protocol: ProtocolName, kind: Kind): boolean =>
  TABLE[kind].needs?.includes(DESCRIPTORS[protocol].exchange) ?? true;

/** Whether round trips can be measured. A record may have a kind that isn't known here: that doesn't talk. */
export const isTalk = (kind: string): boolean => isKind(kind) && TABLE[kind].talks;

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

/** For the help: how each is written, and what it is. */
export const behaviourHelp = (): string =>
  BEHAVIOURS.map((kind) => `${TABLE[kind].example} (${TABLE[kind].help})`).join(', ');

/**
 * Reads `idle`, `heartbeat:30s`, `echo:5k/s:64B`, `request:5k/s:/work?ms=5`, `poll:/updates`, `churn:5%/s`, `storm:100%:backoff` or `vanish:20%`.
 *
 * @returns the plan, or a sentence that says what is wrong
 */
export function parseBehaviour(text: string): BehaviourPlan | string {
  const [kind = '', ...parts] = text.split(':');
  const parsed = isKind(kind) ? TABLE[kind].parse(parts, text) : undefined;
  if (parsed !== undefined) return parsed;
  const examples = BEHAVIOURS.map((name) => TABLE[name].example);
  return `"${text}" is not a behaviour: ${examples.slice(0, -1).join(', ')} or ${examples.at(-1)}`;
}

const isKind = (text: string): text is Kind => Object.hasOwn(TABLE, text);
