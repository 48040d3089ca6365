import { crossingOf, type Sight } from './crossing.ts';
import type { RepeatState } from './step-verdict.ts';

/** A step that was made, as far as the next one depends on it. */
export interface Tried {
  /** Connections, or opens or messages a second. */
  readonly at: number;
  readonly verdict: RepeatState;
  readonly sights: readonly Sight[];
}

/** Within which bounds, and how closely, a limit is looked for. */
export interface SearchPlan {
  /** The first guess. */
  readonly from: number;
  /** No step is larger: what was asked for, or what this machine can do. */
  readonly most: number;
  /** How far the ends of the bracket may be apart, as a share of the lower one. */
  readonly within: number;
  readonly maxSteps: number;
}

/**
 * `found`: the bracket is as narrow as was asked for, and its upper end broke. `client`: it is as narrow, and the client ended it.
 * `unbroken`: the most that there may be has held. `none`: not even one held. `wide`: steps are used up.
 */
export const SEARCH_ENDS = ['found', 'client', 'unbroken', 'none', 'wide'] as const;
export type SearchEnd = (typeof SEARCH_ENDS)[number];

/** Where the limit lies by the steps so far: the largest that held, and the smallest above it that didn't. */
export interface Bracket {
  readonly low: Tried | undefined;
  readonly high: Tried | undefined;
}

/** In the first steps up or down; later ones go further, since the guess was far off. */
const [FACTOR, LATER_FACTOR] = [2, 4];
const STEPS_BY_FACTOR = 2;
/** So many steps more than halving would take may be spent on going by values. */
const SPARE_STEPS = 1;

export function bracketOf(tried: readonly Tried[]): Bracket {
  const broken = tried.filter(({ verdict }) => verdict !== 'held');
  const high = least(broken);
  // What held above something that broke is no limit that anybody can rely on.
  const held = tried.filter(({ verdict, at }) => verdict === 'held' && (high === undefined || at < high.at));
  return {
    low: held.reduce<Tried | undefined>((best, one) => (best && best.at >= one.at ? best : one), undefined),
    high,
  };
}

/**
 * Where to look next: by factors until something held and something broke, then between the two. There it goes by the values of what
 * is to hold, where these rise from below their limit to above it, else by halves. Distances are ratios throughout.
 *
 *     from ──▶ 2× ──▶ 4× broke        up while it holds, or down while it breaks
 *              └─ held ┘
 *                 ├──┬──┤             between: never more than one step beyond what halving takes
 *
 * Pure: the same steps give the same next one, so a search that was interrupted goes on where it was.
 *
 * @returns where, whole and ≥ 1; or why it is over
 */
export function nextStep(
  tried: readonly Tried[],
  plan: SearchPlan,
): { readonly at: number } | { readonly end: SearchEnd } {
  const { from, most, within, maxSteps } = plan;
  const { low, high } = bracketOf(tried);
  if (low && high && isNarrow(low.at, high.at, within)) return { end: high.verdict === 'broke' ? 'found' : 'client' };
  if (!high && low && low.at >= most) return { end: 'unbroken' };
  if (!low && high && high.at <= 1) return { end: high.verdict === 'broke' ? 'none' : 'client' };
  if (tried.length >= maxSteps) return { end: 'wide' };
  if (low && high) return { at: between(low, high, tried, plan) };
  if (low) return { at: Math.min(most, up(low, tried, within)) };
  if (high) return { at: Math.max(1, Math.floor(high.at / factorOf(tried))) };
  return { at: Math.min(most, Math.max(1, Math.round(from))) };
}

/** Nothing lies between two whole numbers. */
const isNarrow = (low: number, high: number, within: number): boolean => high - low <= Math.max(1, low * within);

const factorOf = (tried: readonly Tried[]): number => (tried.length <= STEPS_BY_FACTOR ? FACTOR : LATER_FACTOR);

/** No further than just beyond where memory is going to pass its limit: that grows in a line. */
function up(low: Tried, tried: readonly Tried[], within: number): number {
  const far = low.at * factorOf(tried);
  const before = tried.filter(({ verdict, at }) => verdict === 'held' && at < low.at).at(-1);
  const crossing = before && crossingOf(before, low, 'ahead');
  return crossing === undefined ? far : Math.max(low.at + 1, Math.min(far, Math.ceil(crossing * (1 + within / 2))));
}

function between(low: Tried, high: Tried, tried: readonly Tried[], { within, maxSteps }: SearchPlan): number {
  const length = Math.log(high.at / low.at);
  // Rounding takes a bit of it.
  const narrow = Math.log(1 + within) * 0.98;
  const left = Math.min(maxSteps - tried.length, stepsLeft(tried, narrow));
  // What is left on either side must be no more than halving can do in the steps that are left.
  const reach = narrow * 2 ** (left - 1);
  const [least, most] = [Math.max(0, length - reach), Math.min(length, reach)];
  const wanted = aim(low, high, length, narrow);
  const place = least > most ? length / 2 : Math.min(most, Math.max(least, wanted));
  return Math.min(high.at - 1, Math.max(low.at + 1, Math.round(low.at * Math.exp(place))));
}

/** From the moment there was a bracket: what halving takes, and something to spare. */
function stepsLeft(tried: readonly Tried[], narrow: number): number {
  const formedAt = tried.findIndex((_, i) => {
    const { low, high } = bracketOf(tried.slice(0, i + 1));
    return low !== undefined && high !== undefined;
  });
  const { low, high } = bracketOf(tried.slice(0, formedAt + 1));
  const halvings = Math.max(0, Math.ceil(Math.log2(Math.log(high!.at / low!.at) / narrow)));
  return Math.max(1, halvings + SPARE_STEPS - (tried.length - formedAt - 1));
}

/** A bit short of where the values pass the limit; then, from as close as that, just beyond it, and the bracket is narrow. */
function aim(low: Tried, high: Tried, length: number, narrow: number): number {
  const crossing = crossingOf(low, high, 'between');
  if (crossing === undefined) return length / 2;
  const place = Math.log(crossing / low.at);
  if (place < narrow) return narrow;
  if (place > length - narrow) return length - narrow;
  return place - narrow / 2;
}

const least = (some: readonly Tried[]): Tried | undefined =>
  some.reduce<Tried | undefined>((best, one) => (best && best.at <= one.at ? best : one), undefined);
