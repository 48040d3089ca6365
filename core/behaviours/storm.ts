import { doubtAbout, parseQuantity, printQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isStill } from './descriptor.ts';

/** How connections are cut: as by a process that ends (FIN, no goodbye), by a reset, or by their target, which restarts (`--restart-target`). */
export const STORM_CUTS = ['fin', 'rst', 'restart'] as const;
type StormCut = (typeof STORM_CUTS)[number];

/** When a connection that was cut comes back, and how long it waits after an attempt that failed. */
export type ComingBack =
  /** The first attempt goes out at once. */
  | { readonly how: 'at-once'; readonly retryMs: number }
  /** The same wait before each attempt. */
  | { readonly how: 'fixed'; readonly waitMs: number }
  /** Before attempt n, from 0, a random part of `baseMs` · 2^n, or of `capMs` where that is less: full jitter. */
  | { readonly how: 'backoff'; readonly baseMs: number; readonly capMs: number };

/** A share of a level's connections is cut at one moment, and comes back as clients do. */
export interface StormPlan {
  readonly kind: 'storm';
  readonly percent: number;
  readonly cut: StormCut;
  readonly comesBack: ComingBack;
  /** An attempt that is admitted within so long is in time; 1 s unless said. */
  readonly withinMs?: number;
}

const RETRY_MS = 100;
const WAIT_MS = 1000;
const BASE_MS = 1000;
const CAP_MS = 30_000;
const MOST_WAIT_MS = 3_600_000;
const WITHIN_MS = 1000;

export const STORM: BehaviourDescriptor<StormPlan> = {
  example: 'storm:100%:backoff:1s:30s',
  help: 'once the top level was read, so many are cut and come back; storm:50%:rst:at-once, storm:100%:fixed:2s:within:500ms',
  needs: undefined,
  talks: false,
  episode: true,
  parse([share = '100%', ...parts], text) {
    const percent = parseQuantity('percent', share);
    if (percent === undefined) return undefined;
    const doubt = doubtAbout('percent', share);
    if (doubt) return `"${text}" may mean ${doubt.map((one) => `storm:${one}`).join(' or ')}: write which`;
    if (percent <= 0 || percent > 100) return `"${text}" has a wrong share; more than 0% and at most 100% can be cut`;
    const [first] = parts;
    if (first === 'restart') return `"${text}" can't restart the target; --restart-target beside it does`;
    const cut = first === 'fin' || first === 'rst' ? first : 'fin';
    const said = first === cut ? parts.slice(1) : parts;
    const isWithin = said.at(-2) === 'within';
    const times = readTimes(isWithin ? said.slice(-1) : [], text);
    if (typeof times === 'string') return times;
    const comesBack = readComingBack(isWithin ? said.slice(0, -2) : said, text);
    if (typeof comesBack === 'string') return comesBack;
    return { kind: 'storm', percent, cut, comesBack, ...(isWithin && { withinMs: times[0]! }) };
  },
  isSteady: isStill,
};

/**
 * How long a connection waits before its next attempt, in ms.
 *
 * @param tries attempts that it has made
 * @param chance from 0 to below 1
 */
export function waitMsOf(back: ComingBack, tries: number, chance: number): number {
  if (back.how === 'at-once') return tries === 0 ? 0 : back.retryMs;
  if (back.how === 'fixed') return back.waitMs;
  return chance * Math.min(back.capMs, back.baseMs * 2 ** tries);
}

/** An attempt that is admitted within so long is in time. */
export const withinMsOf = ({ withinMs = WITHIN_MS }: StormPlan): number => withinMs;

/** As it is written, defaults included. */
export function printComingBack(back: ComingBack): string {
  const print = (ms: number): string => printQuantity('duration', ms);
  if (back.how === 'at-once') return `at-once:${print(back.retryMs)}`;
  return back.how === 'fixed' ? `fixed:${print(back.waitMs)}` : `backoff:${print(back.baseMs)}:${print(back.capMs)}`;
}

function readTimes(waits: readonly string[], text: string): number[] | string {
  const times: number[] = [];
  for (const wait of waits) {
    const ms = parseQuantity('duration', wait);
    const doubt = doubtAbout('duration', wait);
    if (doubt) return `"${text}" has a wait that may mean ${doubt.join(' or ')}: write which`;
    if (ms === undefined || ms < 1 || ms > MOST_WAIT_MS) return `"${text}" has a wrong wait; 1ms to 1h can be waited`;
    times.push(ms);
  }
  return times;
}

function readComingBack([how = 'backoff', ...waits]: readonly string[], text: string): ComingBack | string {
  const times = readTimes(waits, text);
  if (typeof times === 'string') return times;
  const [first, second, ...more] = times;
  if (how === 'backoff' && more.length === 0) {
    const baseMs = first ?? BASE_MS;
    const capMs = second ?? Math.max(CAP_MS, baseMs);
    return capMs >= baseMs ? { how, baseMs, capMs } : `"${text}" has a cap below its base; storm:100%:backoff:1s:30s`;
  }
  if (second === undefined && how === 'at-once') return { how, retryMs: first ?? RETRY_MS };
  if (second === undefined && how === 'fixed') return { how, waitMs: first ?? WAIT_MS };
  return `"${text}" does not say how they come back; at-once, fixed:2s or backoff:1s:30s, after fin or rst where that is said`;
}
