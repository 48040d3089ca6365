import type { LegSummary, Rtt } from '../../core/schemas/leg-summary.ts';
import { humanCount } from '../../core/values/units.ts';
import { isUnanswered, refusedOf } from '../fold/opening.ts';
import { count, type Phrase, say } from './phrase.ts';

/** What a leg's round trips leave out: how much was not answered, and how many answers nobody would want. */
export function talkWarnings({ name, levels }: LegSummary): string[] {
  const talked = levels.flatMap(({ open, rtt }) => (rtt === null ? [] : [{ open, rtt }]));
  return LEFT_OUT.flatMap(({ countOf, sentence }) => {
    const concerned = talked.filter(({ rtt }) => countOf(rtt) > 0);
    if (concerned.length === 0) return [];
    const sum = concerned.reduce((so, { rtt }) => so + countOf(rtt), 0);
    return [`${name}: at ${levelsOf(concerned)} ${sentence(sum, concerned)}`];
  });
}

/** For the verdict: that there are no round trips, and why; nothing where there are. */
export function unansweredClause({ rtt }: Pick<LegSummary, 'rtt'>): Phrase {
  if (rtt === null || !isUnanswered(rtt)) return [];
  return say`none of ${count(rtt.lostReplies)} messages came back to its sender${whyOf(rtt)}, so round trips aren't known`;
}

interface Talked {
  readonly open: number;
  readonly rtt: Rtt;
}

interface LeftOut {
  readonly countOf: (rtt: Rtt) => number;
  readonly sentence: (count: number, concerned: readonly Talked[]) => string;
}

/** Each is told once, however many levels it goes for. */
const LEFT_OUT: readonly LeftOut[] = [
  {
    countOf: (rtt) => (isUnanswered(rtt) && rtt.fromOthers === 0 ? rtt.lostReplies : 0),
    sentence: (count) =>
      `none of ${humanCount(count)} messages came back: the target does not send back what it is sent, so no round trip was measured`,
  },
  {
    countOf: (rtt) => (isUnanswered(rtt) && rtt.fromOthers > 0 ? rtt.lostReplies : 0),
    sentence: (count, concerned) => {
      const others = concerned.reduce((so, { rtt }) => so + rtt.fromOthers, 0);
      return `none of ${humanCount(count)} messages came back to its sender, and ${humanCount(others)} were received from others: ${PASSED_ON}, and no round trip was measured`;
    },
  },
  {
    countOf: (rtt) => (isUnanswered(rtt) ? 0 : rtt.lostReplies),
    sentence: (count) => `${humanCount(count)} got no answer in time, and are in no round trip`,
  },
  {
    countOf: (rtt) => (isUnanswered(rtt) ? 0 : (refusedOf(rtt) ?? 0)),
    sentence: (count) => `${humanCount(count)} answers had a status of 4xx or 5xx`,
  },
];

/** `500 connections`, `10 levels, from 500 to 5,000 connections,`. */
function levelsOf(concerned: readonly Talked[]): string {
  const [first, last] = [concerned[0]!, concerned.at(-1)!];
  if (first === last) return `${humanCount(first.open)} connections`;
  return `${concerned.length} levels, from ${humanCount(first.open)} to ${humanCount(last.open)} connections,`;
}

const PASSED_ON = 'the target passes messages on to others';
const whyOf = ({ fromOthers }: Rtt): string => (fromOthers > 0 ? ` (${PASSED_ON})` : '');
