import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { talkWarnings } from '../words/talk-warnings.ts';
import { isUnanswered, LARGE_LOSS_PERCENT } from './opening.ts';

/** Why round trips that were asked for are not shown, and what to do about it. */
export interface UnshownTalk {
  readonly sentence: string;
  readonly remedy: string;
}

/**
 * Whether a leg that was to talk shows what that takes. Where nothing comes back at the top level it doesn't, and where at no level more
 * than half of what was sent does: then nobody knows what most of it takes. A target that falls behind at some level is slow there, which is told.
 *
 * @returns null where it is shown, and where no round trips were asked for
 */
export function unshownTalk(leg: LegSummary): UnshownTalk | null {
  const talked = leg.levels.flatMap(({ rtt }) => rtt ?? []);
  if (leg.rtt === null || talked.length === 0) return null;
  const isLost = talked.every(({ lostPercent }) => (lostPercent ?? 0) >= LARGE_LOSS_PERCENT);
  if (!isUnanswered(leg.rtt) && !isLost) return null;
  const isEchoed = DESCRIPTORS[leg.protocol].exchange === 'messages';
  return {
    sentence: talkWarnings(leg)[0] ?? `${leg.name}: most of what was sent got no answer in time`,
    remedy: isEchoed
      ? '--behaviour idle, or the URL of something that sends back what it is sent'
      : '--behaviour idle, or fewer requests a second for a path that is answered',
  };
}
