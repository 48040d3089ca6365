import { canBehave } from '../../core/behaviours/behaviours.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { LegProgress } from '../../core/schemas/record.ts';
import { toSparse } from '../../core/stats/histogram.ts';
import { lossPatternOf } from '../../core/stats/loss-pattern.ts';
import { lossHint, lossSentence } from '../../core/values/loss-sentences.ts';
import { toWarning, type Warning } from '../../core/values/warnings.ts';
import type { Fleet } from '../../fleet/fleet.ts';

/** Times of the connections that a fleet lost to the peer, for the record; null where there was none. */
export function lossesIn(fleet: Fleet): LegProgress['losses'] {
  const { firstLossAtMs, lastLossAtMs } = fleet.tally();
  if (lastLossAtMs === 0) return null;
  const [age, silence, unsaid] = (['lossAge', 'lossSilence', 'lossUnsaid'] as const).map((name) =>
    toSparse(fleet.histogram(name)),
  );
  return { age: age!, silence: silence!, unsaid: unsaid!, spanMs: lastLossAtMs - firstLossAtMs };
}

/** What a leg says at its end that got by without some of its connections; undefined where none was lost. */
export function lossWarning(
  { name, protocol }: Pick<Leg, 'name' | 'protocol'>,
  progress: LegProgress,
): Warning | undefined {
  const loss = lossSentence(progress);
  if (loss === undefined) return undefined;
  const pattern = lossPatternOf(progress);
  const advice = pattern ? lossHint(pattern, canBehave(protocol, 'heartbeat')) : undefined;
  return toWarning('WLOST', { leg: name, loss, advice });
}
