import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { LegSummary, Rtt } from '../../core/schemas/leg-summary.ts';
import { humanCount } from '../../core/values/units.ts';
import { isUnanswered, LARGE_LOSS_PERCENT, refusedOf } from '../fold/opening.ts';
import { count, joined, type Phrase, percent, plain, say } from './phrase.ts';
import { cameIn, cameTold } from './received-phrases.ts';

/** What a leg's round trips leave out: how much was not answered, and how many answers nobody would want. */
export function talkWarnings(leg: LegSummary): string[] {
  const talked = leg.levels.flatMap(({ open, rtt }) => (rtt === null ? [] : [{ open, rtt }]));
  return LEFT_OUT.flatMap(({ countOf, sentence }) => {
    const concerned = talked.filter(({ rtt }) => countOf(rtt) > 0);
    if (concerned.length === 0) return [];
    const sum = concerned.reduce((so, { rtt }) => so + countOf(rtt), 0);
    return [`${leg.name}: at ${levelsOf(concerned)} ${sentence(sum, concerned, leg)}`];
  });
}

/** For the verdict: that there are no round trips, or none of most messages, and why; nothing where there are. */
export function unansweredClause(leg: Pick<LegSummary, 'rtt' | 'received' | 'protocol'>): Phrase {
  const { rtt } = leg;
  if (rtt === null) return [];
  const { one, many, answered } = wordsOf(leg);
  if (isUnanswered(rtt)) {
    const none = say`none of ${count(rtt.lostReplies)} ${many} ${answered}${whyOf(rtt)}, so round trips aren't known`;
    return joined([none, insteadOf(leg, [rtt])], '; ');
  }
  return (rtt.lostPercent ?? 0) >= LARGE_LOSS_PERCENT
    ? say`${percent(rtt.lostPercent!, 0)} of ${many} got no answer in time, so how long ${one} takes isn't known`
    : [];
}

interface Talked {
  readonly open: number;
  readonly rtt: Rtt;
}

interface LeftOut {
  readonly countOf: (rtt: Rtt) => number;
  readonly sentence: (count: number, concerned: readonly Talked[], leg: LegSummary) => string;
}

/** Each is told once, however many levels it goes for. */
const LEFT_OUT: readonly LeftOut[] = [
  {
    countOf: (rtt) => (isUnanswered(rtt) && rtt.fromOthers === 0 ? rtt.lostReplies : 0),
    sentence: (count, concerned, leg) => {
      const { many, answered, isEchoed } = wordsOf(leg);
      const what = `none of ${humanCount(count)} ${many} ${isEchoed ? 'came back' : answered}`;
      const why = isEchoed ? ': the target does not send back what it is sent' : '';
      return withInstead(`${what}${why}, so no round trip was measured`, leg, concerned);
    },
  },
  {
    countOf: (rtt) => (isUnanswered(rtt) && rtt.fromOthers > 0 ? rtt.lostReplies : 0),
    sentence: (count, concerned, leg) => {
      const others = concerned.reduce((so, { rtt }) => so + rtt.fromOthers, 0);
      const what = `none of ${humanCount(count)} messages came back to its sender, and ${humanCount(others)} were received from others`;
      return withInstead(`${what}: ${PASSED_ON}, and no round trip was measured`, leg, concerned);
    },
  },
  {
    countOf: (rtt) => (isUnanswered(rtt) ? 0 : rtt.lostReplies),
    sentence: (count, concerned) => {
      const sent = concerned.reduce((so, { rtt }) => so + (rtt.lostReplies * 100) / (rtt.lostPercent ?? 0), 0);
      const all = Number.isFinite(sent) ? ` of ${humanCount(Math.round(sent))}` : '';
      return `${humanCount(count)}${all} got no answer in time, and are in no round trip`;
    },
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

function wordsOf({ protocol }: Pick<LegSummary, 'protocol'>) {
  return DESCRIPTORS[protocol].exchange === 'messages'
    ? { one: 'a message', many: 'messages', answered: 'came back to its sender', isEchoed: true }
    : { one: 'a request', many: 'requests', answered: 'was answered', isEchoed: false };
}

const withInstead = (sentence: string, leg: LegSummary, concerned: readonly Talked[]): string => {
  const rtts = concerned.map(({ rtt }) => rtt);
  return plain(joined([sentence, insteadOf(leg, rtts)], '; '));
};

/** What did come in where no message came back: a greeting, a broadcast, an answer of another kind. Nothing where that isn't known. */
function insteadOf({ received }: Pick<LegSummary, 'received'>, rtts: readonly Rtt[]): Phrase {
  const beside = rtts.flatMap((rtt) => rtt.beside ?? []);
  if (beside.length === 0 || received === null) return [];
  const messages = beside.flatMap((one) => one.messages ?? []);
  const came = {
    messages: messages.length === 0 ? null : messages.reduce((sum, one) => sum + one, 0),
    payloadBytes: beside.reduce((sum, one) => sum + one.payloadBytes, 0),
  };
  const hasOthers = rtts.some(({ fromOthers }) => fromOthers > 0);
  if (cameIn(came)) return say`beside that ${cameTold(came)} came in`;
  if (hasOthers) return [];
  return cameIn(received)
    ? say`nothing came in meanwhile, and ${cameTold(received)} before or after`
    : ['nothing at all came in'];
}

const PASSED_ON = 'the target passes messages on to others';
const whyOf = ({ fromOthers }: Rtt): string => (fromOthers > 0 ? ` (${PASSED_ON})` : '');
