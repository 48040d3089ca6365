import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { LegProgress } from '../../core/schemas/record.ts';
import { lossPatternOf } from '../../core/stats/loss-pattern.ts';
import { lossClause } from '../../core/values/loss-sentences.ts';
import { LOSS_REASONS } from '../../core/values/outcomes.ts';
import { count, joined, type Part, say } from '../words/phrase.ts';

type Losses = NonNullable<LegSummary['losses']>;

/** What became of open connections that should have stayed. @param progress of the leg's end */
export function lossesOf(progress: LegProgress | undefined): LegSummary['losses'] {
  const lost = LOSS_REASONS.flatMap((reason) => {
    const times = progress?.closeReasons[reason] ?? 0;
    return times > 0 ? [[reason, times] as const] : [];
  });
  if (!progress || lost.length === 0) return null;
  const pattern = lossPatternOf(progress);
  return {
    count: lost.reduce((sum, [, times]) => sum + times, 0),
    reasons: Object.fromEntries(lost),
    age: pattern?.age ?? null,
    silence: pattern?.silence ?? null,
    pattern: pattern?.word ?? 'none',
    timerMs: pattern?.timer?.ms ?? null,
    text: pattern ? lossClause(pattern) : null,
  };
}

/** Counts are summed; what the times say is of the launch that lost the most. */
export function pooledLosses(launches: readonly LegSummary[]): LegSummary['losses'] {
  const all = launches.flatMap(({ losses }) => losses ?? []);
  if (all.length === 0) return null;
  const reasons: Losses['reasons'] = {};
  for (const one of all) {
    for (const [reason, times] of Object.entries(one.reasons) as Array<[keyof Losses['reasons'], number]>) {
      reasons[reason] = (reasons[reason] ?? 0) + times;
    }
  }
  const worst = all.reduce((most, one) => (one.count > most.count ? one : most));
  return { ...worst, count: all.reduce((sum, one) => sum + one.count, 0), reasons };
}

/** `51 by-peer, each 5.0 s after it opened: it closes what rests`. */
export function lossCell({ losses }: LegSummary): Part {
  if (losses === null) return count(0);
  const reasons = Object.entries(losses.reasons).map(([reason, times]) => say`${count(times)} ${reason}`);
  return joined([...reasons, losses.text ?? ''], ', ');
}
