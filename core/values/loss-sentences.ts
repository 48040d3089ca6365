/** Why connections were lost, in words: for errors, warnings, reports. */

import type { LegProgress } from '../schemas/record.ts';
import { failureTimerMs, type LossPattern, lossPatternOf } from '../stats/loss-pattern.ts';
import { LOSS_REASONS } from './outcomes.ts';
import { humanCount, humanMs } from './units.ts';

/** Heartbeats come in intervals of these digits. */
const DIGITS = [5, 3, 2, 1] as const;
/** A timer of rest is longer: what is closed sooner after a byte is closed because of it. */
const AT_ONCE_MS = 250;
/** How often a timer is met, at least. */
const TIMES_IN_TIMER = 2;

/** `each 5.0 s after it opened: it closes what rests`. */
export function lossClause({ word, count, timer, age, spanMs }: LossPattern): string {
  if (word === 'at-once') return `each within ${toldMs(age.maxMs)} of its opening: it refuses after opening`;
  if (word === 'moment') return `all within ${toldMs(spanMs)}, ${rangeOf(age)} after they opened: a restart`;
  if (timer === null) {
    const half = count > 2 ? `, half of them within ${toldMs(age.p50Ms)}` : '';
    return `${rangeOf(age)} after they opened${half}`;
  }
  const each = `each ${toldMs(timer.ms)} after`;
  if (isUponWords(timer)) return `each within ${toldMs(timer.ms)} of the ${timer.from}: it closes on what was said`;
  if (word === 'age') return `${each} it opened, although in use: a limit on age`;
  return `${each} ${timer.from === 'opening' ? 'it opened' : `the ${timer.from}`}: it closes what rests`;
}

/**
 * What to do about it, to be pasted; undefined where the times tell nothing.
 *
 * @param canTalk whether open connections have something to send
 */
export function lossHint({ word, timer }: LossPattern, canTalk = true): string | undefined {
  switch (word) {
    case 'idle':
      if (isUponWords(timer!))
        return 'does it know what --behaviour sends? Leave that out, or read the log of the target';
      if (!canTalk) return 'have the target send a comment (a line with a colon) more often, or raise the idle timeout';
      return `--behaviour heartbeat:${heartbeatFor(timer!.ms)} keeps them in use, or raise the idle timeout of the target`;
    case 'age':
      return `${canTalk ? 'no heartbeat helps against' : 'streams end by'} a limit on age: raise it, or be done sooner with --rate and fewer --levels`;
    case 'moment':
      return 'look for a restart in the log of the target, or of what stands before it';
    case 'at-once':
      return 'raise the limits of the target (its own maximum of connections), or ask for fewer connections';
    case 'none':
      return undefined;
  }
}

const isUponWords = ({ from, ms }: NonNullable<LossPattern['timer']>): boolean =>
  from !== 'opening' && ms <= AT_ONCE_MS;

/** The interval of a heartbeat that such a timer never meets without one: less than half of it. */
export function heartbeatFor(timerMs: number): string {
  const mostMs = timerMs / TIMES_IN_TIMER;
  for (let unit = 10 ** Math.floor(Math.log10(mostMs)); ; unit /= 10) {
    const digit = DIGITS.find((one) => one * unit < mostMs);
    if (digit === undefined) continue;
    const ms = Math.max(1, Math.round(digit * unit));
    return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
  }
}

/** How many open connections were lost, by what, and when; undefined where none was. */
export function lossSentence(progress: LegProgress): string | undefined {
  const { closeReasons, outcomes } = progress;
  const reasons = LOSS_REASONS.filter((reason) => closeReasons[reason] > 0);
  if (reasons.length === 0) return undefined;
  const lost = reasons.reduce((sum, reason) => sum + closeReasons[reason], 0);
  const pattern = lossPatternOf(progress);
  const were = lost === 1 ? 'open connections was' : 'open connections were';
  const when = pattern ? `, ${lossClause(pattern)}` : '';
  return `${humanCount(lost)} of ${humanCount(outcomes.open)} ${were} lost (${reasons.join(', ')})${when}`;
}

/** For attempts that all failed after the same time: `, each 3.0 s after it was begun: …`; nothing elsewhere. */
export function failureClause(progress: Pick<LegProgress, 'failedAfter' | 'ownLag'>): string {
  const ms = failureTimerMs(progress);
  return ms === undefined
    ? ''
    : `, each ${toldMs(ms)} after it was begun: a timer of the target or of what stands before it`;
}

/** Tenths of a second are what a timer is known by. */
const toldMs = (ms: number): string => (ms < 59_950 ? `${(Math.max(100, ms) / 1000).toFixed(1)} s` : humanMs(ms));

const rangeOf = ({ minMs, maxMs }: LossPattern['age']): string => {
  const [least, most] = [toldMs(minMs), toldMs(maxMs)];
  return least === most ? least : `${least} to ${most}`;
};
