import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { isEnoughToPlanBy, LEAST_TOP } from '../fold/capacity.ts';
import { chosenRow } from '../fold/sizing.ts';
import { LIMITS, placeOf } from './capacity-phrases.ts';
import { alike, bytes, count, farCount, joined, ms, type Part, type Phrase, percent, phraseOf, say } from './phrase.ts';
import { instancesOf, priceOf } from './plan-phrases.ts';
import { failures } from './verdict-rows.ts';

/** How far an answer can be relied on. `noted`: it is known, and there is something to know about it. */
export type AnswerState = 'ok' | 'noted' | 'not known' | 'inconclusive' | 'crossed';

/** What one leg answers to one of the questions. */
export interface LegAnswer {
  readonly leg: string;
  /** Empty where it is not known. */
  readonly value: Phrase;
  /** What goes with it: an interval, of what, by when. */
  readonly detail: Phrase;
  readonly state: AnswerState;
  /** Why it isn't known, or what would tell; empty where there is nothing to say. */
  readonly why: Phrase;
}

/** One of the few figures that a run is made for. */
export interface Headline {
  readonly label: string;
  /** One a leg. */
  readonly answers: readonly LegAnswer[];
}

/** What everybody wants to know first, in this order. None where no leg began. */
export function headlinesOf(summary: Summary): Headline[] {
  const { legs } = summary;
  if (legs.length === 0) return [];
  const talks = legs.some(({ rtt }) => rtt !== null);
  const rows: ReadonlyArray<readonly [string, (leg: LegSummary, summary: Summary) => Partial<LegAnswer>]> = [
    ['one more connection costs', cost],
    ['what fits', fit],
    ['first limit', limit],
    [wantedIn(summary), money],
    ['attempts that failed', failed],
    [talks ? 'round trip, p99' : 'time to open, p99', talks ? roundTrip : opening],
  ];
  return rows.map(([label, answer]) => ({
    label,
    answers: legs.map((leg) => ({
      leg: leg.name,
      value: [],
      detail: [],
      why: [],
      state: 'ok',
      ...answer(leg, summary),
    })),
  }));
}

/** What is said of an answer beside its value: nothing more than `ok` where all is well. */
export function stateOf({ state, why }: LegAnswer): Phrase {
  if (why.length === 0) return [state];
  return state === 'noted' ? why : say`${state}: ${why}`;
}

/** What is unknown for the same reason as the cost. */
function unknownCost({ inconclusive, levels }: LegSummary): Partial<LegAnswer> {
  if (inconclusive) {
    const [first] = inconclusive.reasons;
    return {
      state: 'inconclusive',
      why: first ? phraseOf(`${first.remedy}${first.remedy.includes(', which ') ? ',' : ''} would tell`) : [],
    };
  }
  const why =
    levels.length < 3
      ? 'it takes three levels that hold still'
      : "nobody told the target's memory: --pid or --exporter";
  return { state: 'not known', why: phraseOf(why) };
}

function cost(leg: LegSummary, summary: Summary): Partial<LegAnswer> {
  const { perConnection } = leg;
  const known = (['total', 'user', 'kernel'] as const).find((part) => perConnection?.[part]);
  const estimate = known && perConnection?.[known];
  if (!estimate) return unknownCost(leg);
  const where = { total: '', user: ' in user space alone', kernel: ' in the kernel alone' }[known];
  return {
    value: phraseOf(bytes(estimate.bytes)),
    detail: say`${intervalOf(estimate)}${where}`,
    state: gated(leg, summary, 'perConnection'),
  };
}

/** Said once where both ends read the same. */
function intervalOf(cost: Estimate): Phrase {
  const { quantities, unit } = alike(cost.bytes, cost.low, cost.high);
  const [, least, most] = quantities;
  return least!.text === most!.text ? ['hardly any scatter'] : say`${least!} to ${most!} ${unit}`;
}

/** Why no capacity follows from a cost. */
const TOO_FEW = `it takes ${LEAST_TOP} connections at the top level`;
const isTooFew = ({ levels }: LegSummary): boolean => !isEnoughToPlanBy(levels.at(-1)?.open);

function fit(leg: LegSummary, { capacity }: Summary): Partial<LegAnswer> {
  if (leg.perConnection === null) return unknownCost(leg);
  const own = capacity.find((one) => one.leg === leg.name);
  if (!own && isTooFew(leg)) return { state: 'not known', why: phraseOf(TOO_FEW) };
  if (!own) return { state: 'not known', why: phraseOf('nobody told how much memory there is: --memory-limit 2GiB') };
  return {
    value: phraseOf(farCount(own.connections, leg.levels.at(-1)?.open ?? 1)),
    detail: say`in ${bytes(own.memoryLimitBytes)}, ${percent(own.headroomPercent)} kept free`,
    ...guess(own),
  };
}

const guess = ({ beyond }: { readonly beyond: boolean }): Partial<LegAnswer> =>
  beyond ? { state: 'noted', why: phraseOf('a guess, far beyond what was measured') } : {};

function limit(leg: LegSummary, { limiters }: Summary): Partial<LegAnswer> {
  const first = limiters.find((limiter) => limiter.leg === leg.name);
  if (!first) return { state: 'not known', why: phraseOf('no limit is known that this target would reach') };
  return { value: phraseOf(LIMITS[first.what]), detail: placeOf(first, leg) };
}

function money(leg: LegSummary, { sizing }: Summary): Partial<LegAnswer> {
  const row = sizing && chosenRow(sizing, leg.name);
  if (!row && leg.perConnection !== null && isTooFew(leg)) return { state: 'not known', why: phraseOf(TOO_FEW) };
  if (!sizing || !row) return unknownCost(leg);
  if (row.instances === null) return { state: 'not known', why: phraseOf('not one fits into any of the sizes') };
  const instances = instancesOf(row, sizing);
  if (row.pricePerMonth === null) {
    return { value: instances, state: 'not known', why: phraseOf('what that costs: --plan plan.yaml names prices') };
  }
  return { value: priceOf(row.pricePerMonth, sizing), detail: say`a month: ${instances}`, ...guess(row) };
}

const wantedIn = ({ sizing }: Summary): string =>
  sizing === null ? 'what it would cost' : `for ${count(sizing.connections).text} connections`;

function failed(leg: LegSummary, summary: Summary): Partial<LegAnswer> {
  const { attempts, outcomes } = leg;
  if (attempts === 0) return { state: 'not known', why: phraseOf('nothing was attempted') };
  const all = failures(outcomes);
  const state = gated(leg, summary, 'outcomes');
  return {
    value: all,
    detail: say`of ${count(attempts)} attempts`,
    state: state === 'ok' && outcomes.open < attempts ? 'noted' : state,
  };
}

const opening = (leg: LegSummary, summary: Summary): Partial<LegAnswer> =>
  time(leg, summary, leg.open.p99Ms, 'open', 'since it was due');

const roundTrip = (leg: LegSummary, summary: Summary): Partial<LegAnswer> =>
  time(leg, summary, leg.rtt?.p99Ms ?? null, 'rtt', 'at the top level');

function time(
  leg: LegSummary,
  summary: Summary,
  p99Ms: number | null,
  path: string,
  detail: string,
): Partial<LegAnswer> {
  if (p99Ms === null) return { state: 'not known', why: phraseOf('nothing was timed') };
  const value = phraseOf(ms(p99Ms));
  if (!summary.generator.saturated) return { value, detail: phraseOf(detail), state: gated(leg, summary, path) };
  return { value, state: 'inconclusive', why: phraseOf('the client was the bottleneck') };
}

/** What the gates on this part of a leg say: a threshold, or a baseline for its cost. */
function gated({ name }: LegSummary, { thresholds, baseline }: Summary, part: string): AnswerState {
  const gates = [
    ...thresholds.filter(({ expression }) => expression.startsWith(`${name}.${part}`)),
    ...(part === 'perConnection' ? (baseline?.legs ?? []).filter(({ leg }) => leg === name) : []),
  ].filter(({ passed }) => !passed);
  if (gates.length === 0) return 'ok';
  return gates.some(({ isShown }) => isShown) ? 'crossed' : 'inconclusive';
}

/** A line for a terminal or a cell of a table: the value, what goes with it, and its state unless all is well. */
export function cellOf(answer: LegAnswer): Part {
  const { value, detail, state } = answer;
  const told = joined([value, detail], ', ');
  if (state === 'ok') return told;
  return told.length === 0 ? stateOf(answer) : say`${told} (${stateOf(answer)})`;
}
