import { humanBytes } from '../core/values/units.ts';
import { parseSeries, readSeries, type Selector } from './prometheus-text.ts';

/** What an answer gives away about who gave it. Empty where it says nothing. */
export interface AnsweredBy {
  /** When the processes that it tells of began, in seconds, by the labels of the series. */
  readonly startedAt: ReadonlyMap<string, number>;
  /** Which process it is, by labels of the metric that counts (`pid="7"`) or by what connrig meter says. */
  readonly process: string;
  /** Counters, by series: while a process lives they only grow. */
  readonly counters: ReadonlyMap<string, number>;
  /** The metric that counts. */
  readonly bytes: number;
  /** Samples have times of their own: they were collected from elsewhere, and who answers is not who is told of. */
  readonly isCollected: boolean;
}

/** What several answers come to. */
export type ProcessesFound =
  | { readonly kind: 'one' }
  | { readonly kind: 'several'; readonly processes: number | null; readonly sign: string }
  | { readonly kind: 'unsure'; readonly sign: string };

const OWN_NAMES: ReadonlySet<string> = new Set([
  'pid',
  'process_id',
  'worker',
  'worker_id',
  'instance',
  'pod',
  'hostname',
]);
/** A page may have tens of thousands; any of them tells. */
const MOST_COUNTERS = 2000;
/** The system's own idea of when it was started moves by a second now and then, and with it the starts of processes. */
const SAME_START_SECONDS = 1.5;
/** By whole seconds and no more than this they are the same: rounding. Processes of one server begin some hundredths apart. */
const FINE_SECONDS = 0.015;

/** @param selector the metric that counts */
export function answeredBy(text: string, selector: Selector, bytes: number): AnsweredBy {
  // A container's metrics are told by somebody else, whose own start is nothing to us.
  const start = selector.name.startsWith('container_') ? 'container_start_time_seconds' : 'process_start_time_seconds';
  const startedAt = new Map<string, number>();
  for (const { labels, value } of readSeries(text, start)) {
    const isMeant = [...selector.labels].every(([label, wanted]) => (labels.get(label) ?? wanted) === wanted);
    if (isMeant) startedAt.set(`${start}{${[...labels].join()}}`, value);
  }
  const counted = readSeries(text, selector.name).filter(({ labels }) =>
    [...selector.labels].every(([label, wanted]) => labels.get(label) === wanted),
  );
  const own = counted.length === 1 ? [...counted[0]!.labels].filter(([label]) => OWN_NAMES.has(label)) : [];
  const isCollected = counted.some(({ hasTime }) => hasTime);
  return {
    startedAt,
    bytes,
    isCollected,
    process: own.map(([label, value]) => `${label}="${value}"`).join(),
    counters: isCollected ? new Map() : countersIn(text),
  };
}

/** Only what is declared to be one: `nodejs_active_handles_total` and its like go down as well. */
function countersIn(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) {
      const [, what, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
      if (what !== undefined) name = type === 'counter' ? what : undefined;
      continue;
    }
    if (name === undefined || !line.startsWith(name) || line.startsWith(`${name}_created`)) continue;
    const series = parseSeries(line);
    const value = Number(series?.rest.trim().split(/\s/)[0] || Number.NaN);
    if (Number.isFinite(value)) counters.set(line.slice(0, line.length - series!.rest.length), value);
    if (counters.size >= MOST_COUNTERS) break;
  }
  return counters;
}

/**
 * Whether several answers come from one process.
 *
 * @param inTurn each asked when the one before had been given
 * @param atOnce asked together, after those
 */
export function judge(inTurn: readonly AnsweredBy[], atOnce: readonly AnsweredBy[] = []): ProcessesFound {
  const all = [...inTurn, ...atOnce];
  const named = new Set(all.map(({ process }) => process));
  if (named.size > 1) return { kind: 'several', processes: named.size, sign: [...named].slice(0, SHOWN).join(' and ') };
  const starts = groupsBy(all, isSameStart);
  if (starts.length > 1)
    return { kind: 'several', processes: starts.length, sign: startsOf(starts.map(([first]) => first!)) };
  const fine = groupsBy(inTurn, isVerySameStart);
  if (fine.length > 1 && fine.every((group) => group.length > 1) && comebacks(inTurn, fine) > 1) {
    return { kind: 'several', processes: fine.length, sign: startsOf(fine.map(([first]) => first!)) };
  }
  // A process that has told to a hundredth of a second when it began, always the same, is one.
  if (all.some(({ isCollected }) => isCollected) || (fine.length === 1 && isFine(inTurn[0]))) return { kind: 'one' };
  return byCounters(inTurn) ?? byLevels(inTurn) ?? { kind: 'one' };
}

/** Examples that a sentence has. */
const SHOWN = 3;

const isSameStart = (one: AnsweredBy, other: AnsweredBy): boolean =>
  startsAgree(one, other, (apart) => Math.abs(apart) <= SAME_START_SECONDS);
const isVerySameStart = (one: AnsweredBy, other: AnsweredBy): boolean =>
  startsAgree(one, other, (apart) => Math.abs(apart - Math.round(apart)) <= FINE_SECONDS);

/** Nothing is known of series that come and go. */
function startsAgree(one: AnsweredBy, other: AnsweredBy, agree: (apart: number) => boolean): boolean {
  return [...one.startedAt].every(([series, at]) => agree((other.startedAt.get(series) ?? at) - at));
}

const isFine = (answer: AnsweredBy | undefined): boolean =>
  answer !== undefined &&
  answer.startedAt.size > 0 &&
  [...answer.startedAt.values()].some((at) => !Number.isInteger(at));

function groupsBy(
  answers: readonly AnsweredBy[],
  isSame: (one: AnsweredBy, other: AnsweredBy) => boolean,
): AnsweredBy[][] {
  const groups: AnsweredBy[][] = [];
  for (const answer of answers) {
    const group = groups.find(([first]) => isSame(first!, answer));
    if (group) group.push(answer);
    else groups.push([answer]);
  }
  return groups;
}

/** How often a group is met again after another one: what is over doesn't come back. */
function comebacks(inTurn: readonly AnsweredBy[], groups: readonly (readonly AnsweredBy[])[]): number {
  const order = inTurn.map((answer) => groups.findIndex((group) => group.includes(answer)));
  const met = new Set<number>();
  let count = 0;
  for (const [i, group] of order.entries()) {
    if (met.has(group) && group !== order[i - 1]) count += 1;
    met.add(group);
  }
  return count;
}

const startsOf = (answers: readonly AnsweredBy[]): string => {
  const [series = ''] = [...(answers[0]?.startedAt.keys() ?? [])].filter((key) =>
    answers.some(({ startedAt }) => startedAt.get(key) !== answers[0]?.startedAt.get(key)),
  );
  const times = answers.slice(0, SHOWN).map(({ startedAt }) => String(startedAt.get(series) ?? 'none'));
  return `${series.split('{')[0]} ${times.join(', ')}`;
};

/** A process that was started anew counts from nothing once; again and again, it is another one each time. */
function byCounters(inTurn: readonly AnsweredBy[]): ProcessesFound | undefined {
  let stepsBack = 0;
  let sign = '';
  for (const [i, { counters }] of inTurn.entries()) {
    const before = inTurn[i - 1]?.counters;
    const back = before && [...counters].find(([series, value]) => value < (before.get(series) ?? value));
    if (!back) continue;
    stepsBack += 1;
    sign ||= `the counter ${back[0]} went from ${before.get(back[0])} back to ${back[1]}`;
  }
  if (stepsBack === 0) return undefined;
  return stepsBack > 1 ? { kind: 'several', processes: null, sign } : { kind: 'unsure', sign };
}

/** Less than this between two values may be one process at work. */
const LEAST_GAP_BYTES = 2 ** 18;
const LEAST_GAP_SHARE = 0.01;
/** More places than this aren't few for a dozen answers. */
const MOST_LEVELS = 5;
/** How far values of one place may lie apart, as a share of what lies between two places. */
const TIGHT = { sure: 1 / 6, likely: 1 / 2 };
const COMEBACKS = { sure: 3, likely: 2 };

/**
 * Memory of one process wanders; a collection takes it down once. Values that lie close together in few places, and come
 * back to each of them, are those of several processes.
 */
function byLevels(inTurn: readonly AnsweredBy[]): ProcessesFound | undefined {
  const sorted = inTurn.toSorted((a, b) => a.bytes - b.bytes);
  const cuts = Array.from({ length: MOST_LEVELS - 1 }, (_, i) => levelsOf(sorted, i + 2));
  const likely = cuts
    .filter(({ levels, tightness }) => tightness <= TIGHT.likely && comebacks(inTurn, levels) >= COMEBACKS.likely)
    .toSorted((a, b) => a.tightness - b.tightness);
  const [best] = likely;
  if (!best) return undefined;
  const { levels, tightness } = best;
  const examples = levels.slice(0, SHOWN).map(([lowest]) => humanBytes(lowest!.bytes));
  const sign = `its memory goes back and forth between ${examples.join(', ')}`;
  const isSure = tightness <= TIGHT.sure && comebacks(inTurn, levels) >= COMEBACKS.sure;
  return isSure && levels.every((level) => level.length > 1)
    ? { kind: 'several', processes: levels.length, sign }
    : { kind: 'unsure', sign };
}

interface Levels {
  readonly levels: readonly (readonly AnsweredBy[])[];
  /** The widest of them ÷ the narrowest gap between two; infinite where a gap is none. */
  readonly tightness: number;
}

/** Cut where the gaps are widest. */
function levelsOf(sorted: readonly AnsweredBy[], count: number): Levels {
  const gaps = sorted.slice(1).map(({ bytes }, i) => ({ at: i + 1, bytes: bytes - sorted[i]!.bytes }));
  const widest = gaps.toSorted((a, b) => b.bytes - a.bytes).slice(0, count - 1);
  const narrowest = Math.min(...widest.map(({ bytes }) => bytes));
  const least = Math.max(LEAST_GAP_BYTES, (sorted[0]?.bytes ?? 0) * LEAST_GAP_SHARE);
  const ends = [0, ...widest.map(({ at }) => at).sort((a, b) => a - b), sorted.length];
  const levels = ends.slice(1).map((end, i) => sorted.slice(ends[i], end));
  const spread = Math.max(...levels.map((level) => (level.at(-1)?.bytes ?? 0) - (level[0]?.bytes ?? 0)));
  const isCut = widest.length === count - 1 && narrowest > least;
  return { levels, tightness: isCut ? spread / narrowest : Number.POSITIVE_INFINITY };
}

/**
 * What a later answer means beside an earlier one: the target was started anew, or somebody else has answered.
 *
 * @returns undefined when nothing speaks against one and the same process
 */
export function changeBetween(
  before: AnsweredBy,
  now: AnsweredBy,
): { readonly isRestart: boolean; readonly sign: string } | undefined {
  if (before.process !== now.process) {
    return { isRestart: false, sign: `${before.process || 'no label'}, then ${now.process || 'none'}` };
  }
  const moved = [...now.startedAt].find(([series, at]) => {
    return Math.abs((before.startedAt.get(series) ?? at) - at) > SAME_START_SECONDS;
  });
  if (moved === undefined || isClockThatMoved(before, now)) return undefined;
  return { isRestart: moved[1] > before.startedAt.get(moved[0])!, sign: startsOf([before, now]) };
}

/** Starts that are computed from the time of day go with it when that is set; counters then go on as if nothing was. */
function isClockThatMoved({ counters: before }: AnsweredBy, { counters: now }: AnsweredBy): boolean {
  const both = [...now].filter(([series]) => before.has(series));
  return (
    both.length > 0 &&
    both.every(([series, value]) => value >= before.get(series)!) &&
    both.some(([, value]) => value > 0)
  );
}
