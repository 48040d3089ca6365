import type { Leg } from '../schemas/leg.ts';

/** How far a leg goes and how fast; of a run that is planned, or of one that was recorded. */
type Climb = Pick<Leg, 'warmUp' | 'levels' | 'connectsPerSecond' | 'cycles'>;

/** What a run will do, as a value. No clock inside: the same plan can be drawn before, during and after the run. */
export interface Plan {
  readonly legs: readonly Leg[];
  /** How often all legs are walked, ≥ 1, each time against a target that was started anew. */
  readonly launches: number;
}

/** What the leg at an index of the plan is called: samples and events have the index. */
export const readLegName = ({ legs }: { readonly legs: ReadonlyArray<Pick<Leg, 'name'>> }, index: number): string =>
  legs[index]?.name ?? `leg ${index + 1}`;

/**
 * The phases of a leg, in the order in which they come. `ramp`, `settle` and `hold` come once for each level, and so does
 * `talk` where connections exchange messages or requests, and `churn` where they are replaced after the level was read at
 * rest. `soak` comes once, at the top of the first climb, where the level is to go on for hours. So does `storm` or `vanish`, after
 * the top was held, where the behaviour is that. All from `ramp` to `retained` come once for each cycle. `burst`
 * is only for targets that are given a chance to tidy up: by a collection of their garbage, or by `--rest`.
 */
export const PHASES = [
  'warm-up',
  'baseline',
  'ramp',
  'talk',
  'settle',
  'hold',
  'churn',
  'soak',
  'storm',
  'vanish',
  'drain',
  'retained',
  'burst',
] as const;
export type Phase = (typeof PHASES)[number];

/**
 * A leg of fewer connections doesn't tell what they cost the client itself: its own garbage is more than that. To collect
 * it at each level would be a sixth of what so small a run costs in processor time.
 */
export const OWN_COST_FROM = 500;

/** The most connections a leg plans to have open. */
export const peakOf = (leg: Pick<Climb, 'levels'>): number => leg.levels.at(-1) ?? 0;

/**
 * Evenly spaced levels up to `connections`: whole, distinct, ascending, the last one exactly `connections`.
 * Fewer than `count` when there are fewer connections than levels.
 */
export function evenLevels(connections: number, count: number): number[] {
  const levels = Array.from({ length: count }, (_, i) => Math.round((connections * (i + 1)) / count));
  return [...new Set(levels)].filter((level) => level > 0);
}

/** A warm-up that pays one-time costs but stays clearly below the first level: what it frees would flatten the curve. */
export function warmUpBelow(levels: readonly number[]): number {
  return Math.min(500, Math.floor((levels[0] ?? 0) / 2));
}

/** A runtime that compiles what is used often goes on growing for that many (seen with Node.js: 1,700 are enough, 800 not). */
const WARM_UP_PER_PROCESS = 2000;
/** What the warm-up leaves in TIME_WAIT must leave enough ports. */
const WARM_UP_MOST = 10_000;
/** Each takes some 100 ms, however few connections are in it. */
const WARM_UP_ROUNDS = 20;
/** Ports in TIME_WAIT may be used again at once on loopback only. */
const WARM_UP_MOST_ELSEWHERE = 2000;

/**
 * How often the connections of the warm-up are opened and closed. There are never more at once than `warmUp`, so that no
 * more memory is freed. It is often enough for code that each of the target's processes compiles with use. Without that,
 * levels up to 10,000 over six processes had a slope twice as high as beyond (2,531 B against 1,295 B in user space).
 *
 * @param processes of the target, as far as is known; ≥ 1
 * @returns at least 1, and no more than open as many connections as the climb itself
 */
export function warmUpRounds(leg: Climb, processes: number, isLocal: boolean): number {
  if (leg.warmUp === 0) return 1;
  const most = isLocal ? WARM_UP_MOST : WARM_UP_MOST_ELSEWHERE;
  const opened = Math.min(WARM_UP_PER_PROCESS * processes, peakOf(leg), most);
  return Math.min(WARM_UP_ROUNDS, Math.max(1, Math.floor(opened / leg.warmUp)));
}

/**
 * Connections that should be open `elapsedMs` after a ramp from `from` to `to` began.
 *
 *   open │          ┌── level, held until settled
 *        │        ╱   ramp, `perSecond`
 *        └──────╱──────────────▶ elapsedMs      Pure: the clock is an argument, so a report can redraw any past run.
 *
 * @param perSecond opens (or closes) per second, > 0
 * @returns whole connections, between `from` and `to`
 */
export function rampAt(from: number, to: number, perSecond: number, elapsedMs: number): number {
  const moved = Math.max(0, Math.floor((perSecond * elapsedMs) / 1000));
  return to >= from ? Math.min(to, from + moved) : Math.max(to, from - moved);
}

/** When connection number `index` (0-based) of a ramp is planned, in ms after the ramp began. Inverse of {@link rampAt}. */
export const plannedAtMs = (index: number, perSecond: number): number => ((index + 1) * 1000) / perSecond;

/** Part `index` of `total` over `parts`. Parts differ by at most 1 and always sum to `total`. */
export const shareOf = (total: number, index: number, parts: number): number =>
  Math.floor((total * (index + 1)) / parts) - Math.floor((total * index) / parts);

/** What one worker of many contributes to a target. */
export interface Fill {
  /** Connections this worker is to hold. */
  readonly share: number;
  /** Connections that workers before it in its lane hold: it begins when they are there. */
  readonly before: number;
}

/**
 * Spreads a target over workers in lanes: lanes fill side by side, the workers of a lane one after the other. A machine
 * has few cores, and a few threads that open thousands each get more done than many that open some each and take turns.
 * Shares always sum to the target; with as many lanes as workers this is {@link shareOf}.
 *
 *   lane 0  ███████ worker 0 │ ████▒▒▒ worker 1 │ ░░░░░░░ worker 2
 *   lane 1  ███████ worker 3 │ ████▒▒▒ worker 4 │ ░░░░░░░ worker 5
 *
 * @param capacity the largest target there will be
 * @param lanes 1 to `workers`
 */
export function fillShare(target: number, capacity: number, index: number, workers: number, lanes: number): Fill {
  const firstOf = (lane: number): number => Math.floor((workers * lane) / lanes);
  const upTo = (total: number, worker: number): number => Math.floor((total * worker) / workers);
  let lane = Math.min(lanes - 1, Math.floor((index * lanes) / workers));
  while (firstOf(lane + 1) <= index) lane += 1;
  const [first, end] = [firstOf(lane), firstOf(lane + 1)];
  const ofLane = upTo(target, end) - upTo(target, first);
  const each = Math.ceil((upTo(capacity, end) - upTo(capacity, first)) / (end - first));
  const before = Math.min(ofLane, each * (index - first));
  // The last one takes what rounding leaves.
  return { share: index === end - 1 ? ofLane - before : Math.min(each, ofLane - before), before };
}

/** How long the ramps of a leg take at least, in ms; holds come on top. */
export function rampMsOf(leg: Climb): number {
  const opened = peakOf(leg) * leg.cycles + leg.warmUp * warmUpRounds(leg, 1, true);
  return (opened * 1000) / leg.connectsPerSecond;
}
