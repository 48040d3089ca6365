/** What the times of lost connections say about why they were lost. Pure; ages are known within 0.8 %, see histogram.ts. */

import type { LegProgress } from '../schemas/record.ts';
import { bucketOf, countOf, middleOf, quantileMs, type SparseHistogram } from './histogram.ts';

export const LOSS_PATTERNS = [
  /** Each right after it opened. */
  'at-once',
  /** Each the same time after it opened, or was last in use: a timer closes what rests. */
  'idle',
  /** Each the same time after it opened, although in use. */
  'age',
  /** All at one moment, whatever their age. */
  'moment',
  /** None of these, or too few to tell. */
  'none',
] as const;

/** The middle one of several times, and how far they reach, in ms. */
export interface Spread {
  readonly p50Ms: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export interface LossPattern {
  readonly word: (typeof LOSS_PATTERNS)[number];
  /** How many times are known. */
  readonly count: number;
  /** For a timer: how long it is, and what it counts from; null elsewhere. */
  readonly timer: { readonly ms: number; readonly from: 'opening' | 'last byte' | "client's last byte" } | null;
  /** How long they had been open, and how long neither side had said anything. */
  readonly age: Spread;
  readonly silence: Spread;
  /** From the first loss to the last. */
  readonly spanMs: number;
}

/** Fewer are equal by chance. */
const LEAST = 3;
/** This share of them has to fit. */
const MOST_OF_THEM = 0.8;
const AT_ONCE_MS = 250;
/** Losses of one moment come within this; so many a second can be told at best. */
const MOMENT_MS = 500;
const TOLD_PER_MS = 50;
/** Times that differ by more than their moments do are no timer's; by so much they may in any case. */
const SLACK = { share: 0.02, ms: 150 } as const;
/** A timer is never early, but for what passes until we see the opening; a busy machine makes it late. */
const EARLY = { share: 0.05, ms: 30 } as const;
const LATE = { share: 0.2, ms: 80 } as const;
/** Our own lateness counts up to this part of the time itself: beyond it says nothing any more. */
const MOST_LATENESS = 0.25;
/** From here on two times are the same one. */
const SAME = 0.9;

type Timer = NonNullable<LossPattern['timer']>;
interface FoundTimer {
  readonly word: 'idle' | 'age';
  readonly timer: Timer;
  /** Which times showed it. */
  readonly of: 'age' | 'silence' | 'unsaid';
}
type Facts = Pick<LegProgress, 'losses' | 'outcomes' | 'ownLag'>;

/** @returns null where no open connection was lost */
export function lossPatternOf({ losses, outcomes, ownLag }: Facts): LossPattern | null {
  const count = countOf(losses?.age ?? []);
  if (!losses || count === 0) return null;
  const { age, silence, unsaid, spanMs } = losses;
  const found = { count, timer: null, age: spreadOf(age), silence: spreadOf(silence), spanMs };
  if (count < LEAST) return { word: 'none', ...found };
  if (quantileMs(age, MOST_OF_THEM)! <= AT_ONCE_MS) return { word: 'at-once', ...found };
  const timer = timerIn(age, silence, unsaid, quantileMs(ownLag, 0.99) ?? 0);
  const atOneMoment = spanMs <= MOMENT_MS + count / TOLD_PER_MS;
  // What opened together is lost together by a timer, too; but then its times are as near, and the target goes on listening.
  const isMoment =
    timer === null || outcomes.refused > 0 || widthMs(losses[timer.of]) > 2 * spanMs + slackOf(timer.timer.ms);
  if (atOneMoment && isMoment) return { word: 'moment', ...found };
  return timer === null ? { word: 'none', ...found } : { ...found, word: timer.word, timer: timer.timer };
}

/** The time after which most attempts failed, in ms; undefined where it wasn't always the same, or too short to be a timer's. */
export function failureTimerMs({
  failedAfter,
  ownLag,
}: Pick<LegProgress, 'failedAfter' | 'ownLag'>): number | undefined {
  const ms = equalMs(failedAfter, quantileMs(ownLag, 0.99) ?? 0);
  return countOf(failedAfter) < LEAST || ms === undefined || ms <= AT_ONCE_MS ? undefined : ms;
}

function timerIn(
  age: SparseHistogram,
  silence: SparseHistogram,
  unsaid: SparseHistogram,
  lateMs: number,
): FoundTimer | null {
  const [ageMs, silenceMs, unsaidMs] = [age, silence, unsaid].map((times) => equalMs(times, lateMs));
  const idle = (ms: number, from: Timer['from'], of: FoundTimer['of']): FoundTimer => ({
    word: 'idle',
    timer: { ms, from },
    of,
  });
  if (ageMs !== undefined) {
    if (quantileMs(unsaid, 0.5)! >= SAME * ageMs) return idle(ageMs, 'opening', 'age');
    const rested = silenceMs === undefined ? unsaid : silence;
    const isRestEqual = (silenceMs ?? unsaidMs) !== undefined && roughnessOf(rested) < roughnessOf(age);
    if (!isRestEqual) return { word: 'age', timer: { ms: ageMs, from: 'opening' }, of: 'age' };
  }
  // Had the target spoken meanwhile, it would only count what the client says.
  if (unsaidMs !== undefined && quantileMs(silence, 0.5)! < SAME * unsaidMs)
    return idle(unsaidMs, "client's last byte", 'unsaid');
  return silenceMs === undefined ? null : idle(silenceMs, 'last byte', 'silence');
}

/** The middle one of times most of which are the same, but for lateness; undefined where they aren't. */
function equalMs(times: SparseHistogram, lateMs: number): number | undefined {
  const middle = quantileMs(times, 0.5);
  if (middle === undefined) return undefined;
  const least = middle * (1 - EARLY.share) - EARLY.ms;
  const most = middle * (1 + LATE.share) + LATE.ms + Math.min(lateMs, MOST_LATENESS * middle);
  const fitting = times.filter(([lowest]) => {
    const ms = middleOf(bucketOf(lowest)) / 1000;
    return ms >= least && ms <= most;
  });
  return countOf(fitting) >= MOST_OF_THEM * countOf(times) ? middle : undefined;
}

const widthMs = (times: SparseHistogram): number => quantileMs(times, 0.9)! - quantileMs(times, 0.1)!;
const slackOf = (ms: number): number => SLACK.share * ms + SLACK.ms;

/** How wide the middle half lies, by its middle. */
const roughnessOf = (times: SparseHistogram): number =>
  (quantileMs(times, 0.75)! - quantileMs(times, 0.25)!) / Math.max(1, quantileMs(times, 0.5)!);

const spreadOf = (times: SparseHistogram): Spread => ({
  p50Ms: quantileMs(times, 0.5) ?? 0,
  minMs: quantileMs(times, 0) ?? 0,
  maxMs: quantileMs(times, 1) ?? 0,
});
