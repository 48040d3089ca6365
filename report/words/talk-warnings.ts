import type { LegSummary, Rtt } from '../../core/schemas/leg-summary.ts';
import { humanCount } from '../../core/values/units.ts';
import { isUnanswered, refusedOf } from '../fold/opening.ts';
import { count, type Phrase, say } from './phrase.ts';

/** What a leg's round trips leave out: how much was not answered, and how many answers nobody would want. */
export const talkWarnings = ({ name, levels }: LegSummary): string[] =>
  levels.flatMap(({ open, rtt }) =>
    rtt === null ? [] : leftOutOf(rtt).map((text) => `${name}: at ${humanCount(open)} connections ${text}`),
  );

/** For the verdict: that there are no round trips, and why; nothing where there are. */
export function unansweredClause({ rtt }: Pick<LegSummary, 'rtt'>): Phrase {
  if (rtt === null || !isUnanswered(rtt)) return [];
  return say`none of ${count(rtt.lostReplies)} messages came back to its sender${whyOf(rtt)}, so round trips aren't known`;
}

function leftOutOf(rtt: Rtt): string[] {
  const { lostReplies, fromOthers } = rtt;
  const refused = refusedOf(rtt) ?? 0;
  if (isUnanswered(rtt)) {
    const others = fromOthers > 0 ? `${humanCount(fromOthers)} were received from others` : 'nothing was received';
    const what = `none of ${humanCount(lostReplies)} came back to its sender, and ${others}`;
    return [`${what}: ${fromOthers > 0 ? PASSED_ON : 'the target answers nobody'}, and no round trip was measured`];
  }
  return [
    ...(lostReplies > 0 ? [`${lostReplies} got no answer in time, and are in no round trip`] : []),
    ...(refused > 0 ? [`${refused} answers had a status of 4xx or 5xx`] : []),
  ];
}

const PASSED_ON = 'the target passes messages on to others';
const whyOf = ({ fromOthers }: Rtt): string => (fromOthers > 0 ? ` (${PASSED_ON})` : '');
