import { besideNoun, nounsOf } from '../../core/protocols/nouns.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type Estimate, LEAST_LEVELS } from '../../core/stats/slope.ts';
import { knownCost } from '../../core/values/known-cost.ts';
import { broadcastClause } from './broadcast-phrases.ts';
import { bothOf, limitOf } from './capacity-phrases.ts';
import { goingOnClause } from './going-on-phrases.ts';
import { keptPhrase } from './kept-phrases.ts';
import { alike, bytes, count, farCount, joined, type Phrase, percent, say } from './phrase.ts';
import { receivedClause } from './received-phrases.ts';
import { slowSentences } from './slow-phrases.ts';
import { stormClause } from './storm-phrases.ts';
import { unansweredClause } from './talk-warnings.ts';
import { tlsAddsSentences } from './tls-adds-phrases.ts';
import { vanishClause } from './vanish-phrases.ts';

/** An interval that reaches further than this part of the cost to either side makes it a rough one. */
const ROUGH = 0.25;

/**
 * What a run came to: one sentence for each leg, after one that says why where it didn't go all the way, and then what TLS
 * adds where that was measured. The only place that puts a verdict into words.
 */
export function verdictOf(summary: Summary): Phrase[] {
  const lead = leadOf(summary);
  const legs = summary.legs.map((leg) => legSentence(leg, summary));
  const told = legs.length > 0 ? legs : [say`No leg began, so nothing was measured.`];
  return [...(lead ? [lead] : []), ...told, ...slowSentences(summary), ...tlsAddsSentences(summary)];
}

function leadOf({ status, error, thresholds, baseline }: Summary): Phrase | null {
  if (status === 'passed' || status === 'measured') return null;
  // The legs say what is inconclusive about them.
  if (status === 'inconclusive' && [...thresholds, ...(baseline?.legs ?? [])].every(({ isShown }) => isShown))
    return null;
  // This one tells by itself how the run ended.
  if (status === 'interrupted') return sentence(say`${error?.message ?? 'the run was interrupted'}`);
  const why = error === null ? '' : `: ${error.message}`;
  return sentence(say`${LEADS[status]}${why}`);
}

const LEADS = {
  inconclusive: 'the result is inconclusive',
  failed: 'the run failed',
  invalid: 'the result is not valid',
} as const;

function legSentence(leg: LegSummary, summary: Summary): Phrase {
  const top = leg.levels.at(-1)?.open ?? 0;
  const isPartial = leg.levels.length > 0 && top < leg.planned;
  const scope = isPartial ? say`From levels up to ${count(top)} of ${count(leg.planned)}: ` : [];
  const main = say`${scope}${knownCost(leg) ? told(leg, summary) : (disowned(leg) ?? untold(leg))}`;
  const kept = knownCost(leg) ? [] : keptPhrase(leg, summary);
  const clauses = [
    main,
    kept,
    goingOnClause(leg),
    leg.broadcast === null ? receivedClause(leg) : broadcastClause(leg),
    stormClause(leg),
    vanishClause(leg),
    unansweredClause(leg),
  ];
  return sentence(joined(clauses, '; '));
}

/** Begins with a capital, ends in a full stop. */
const sentence = ([first = '', ...rest]: Phrase): Phrase => [
  ...(typeof first === 'string' ? [first.charAt(0).toUpperCase() + first.slice(1)] : [first]),
  ...rest,
  '.',
];

const nameBeside = (leg: LegSummary): string => besideNoun(leg.name, leg);

/** Enough levels, and no cost that anybody should plan by. */
function disowned(leg: LegSummary): Phrase | null {
  const { name, inconclusive } = leg;
  if (!inconclusive) return null;
  const whose = nameBeside(leg) === '' ? '' : `${name}: `;
  const { reasons } = inconclusive;
  return say`${whose}${reasons.map(({ sentence }) => sentence).join('; ')}; to settle it: ${reasons[0]!.remedy}`;
}

/** Without a cost. */
function untold(leg: LegSummary): Phrase {
  const { levels, peakOpen, planned } = leg;
  const many = `${nounsOf(leg)[1]}${nameBeside(leg)}`;
  const last = levels.at(-1);
  if (!last) {
    if (peakOpen === 0) return say`no level was reached: none of ${count(planned)} ${many} opened`;
    const were = peakOpen === 1 ? 'was' : 'were';
    return say`no level was reached: at most ${count(peakOpen)} of ${count(planned)} ${many} ${were} open at a time`;
  }
  const held = last.bytes.total ?? last.bytes.user;
  const memory = held === null ? '' : say` took ${bytes(held)}`;
  const unknown = `what one more costs isn't known`;
  if (levels.length >= LEAST_LEVELS && held === null) {
    return say`${count(last.open)} ${many} were held, but nobody told the target's memory, so ${unknown}`;
  }
  const few = levels.length === 1 ? 'one level' : 'two levels';
  const what = memory === '' ? ' were held' : memory;
  return say`${count(last.open)} ${many}${what}, but ${few} can't tell what one more costs: that takes three`;
}

/** With a cost, however sure it is. */
function told(leg: LegSummary, summary: Summary): Phrase {
  const cost = knownCost(leg)!;
  const one = `${nounsOf(leg)[0]}${nameBeside(leg)}`;
  const where = leg.fit?.knee ? say`above about ${count(leg.fit.knee.at)} connections ` : '';
  const isRough = Math.max(cost.high - cost.bytes, cost.bytes - cost.low) > ROUGH * cost.bytes;
  const about = isRough ? 'roughly ' : '';
  const main = say`${where}one more ${one} costs ${about}${bytes(cost.bytes)}${intervalOf(cost)}${partsOf(leg)}`;
  return joined([main, bendsOf(leg), keptPhrase(leg, summary), capacityOf(leg, summary), limitsOf(leg, summary)], '; ');
}

/** Nothing where it reads the same at either end. */
function intervalOf({ bytes: middle, low, high }: Estimate): Phrase {
  const { quantities, unit } = alike(middle, low, high);
  const [, from, to] = quantities;
  return from!.text === to!.text ? [] : say` (between ${from!} and ${to!} ${unit})`;
}

function partsOf({ perConnection }: LegSummary): Phrase {
  const { total, user, kernel, isKernelEstimated } = perConnection!;
  if (total && user && kernel)
    return say`: ${bytes(user.bytes)} in user space and ${isKernelEstimated ? 'an estimated ' : ''}${bytes(kernel.bytes)} in the kernel`;
  return total
    ? []
    : say` ${user ? "in user space; the kernel's part isn't known" : 'in the kernel; user space is not known'}`;
}

function bendsOf({ fit }: LegSummary): Phrase {
  const below = fit?.knee ? say`below that it was ${bytes(fit.knee.below.bytes)}` : [];
  const steps = (fit?.steps ?? []).map(
    (step) => say`${bytes(step.bytes)} came at once between ${count(step.low)} and ${count(step.high)}`,
  );
  return joined([below, ...steps], ', ');
}

function capacityOf({ name, burst, levels }: LegSummary, { capacity, target }: Summary): Phrase {
  const own = capacity.find((one) => one.leg === name);
  if (!own) return [];
  const isOfCgroup = target.memoryLimit?.basis === 'cgroup' && target.memoryLimit.bytes === own.memoryLimitBytes;
  const limit = say`${bytes(own.memoryLimitBytes)}${isOfCgroup ? ', the limit of its cgroup,' : ''}`;
  const far = own.beyond ? ', far beyond what was measured' : '';
  const top = levels.at(-1)?.open ?? 1;
  const hold = burst === null ? farCount(own.connections, top) : bothOf(own, top);
  return say`${limit} hold ${hold} with ${percent(own.headroomPercent)} headroom${far}`;
}

function limitsOf(leg: LegSummary, { limiters }: Summary): Phrase {
  const own = limiters.filter((limiter) => limiter.leg === leg.name);
  // What a leak uses up stands with the leak.
  const [first, second] = own.filter(({ unit }) => unit !== 'closed connections');
  if (!first) return [];
  const then = second ? say`, then ${limitOf(second, leg)}` : '';
  return say`the first limit is ${limitOf(first, leg)}${then}`;
}
