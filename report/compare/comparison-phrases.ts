import { componentLabel } from '../../charts/ledger-chart.ts';
import { nounsOf } from '../../core/protocols/nouns.ts';
import { differencePhrase, signedBounds, signedBytes, signedInterval } from '../words/difference-phrases.ts';
import { bytes, count, joined, orUnknown, type Part, type Phrase, say, size, UNKNOWN } from '../words/phrase.ts';
import type { Table, TableColumn } from '../words/table.ts';
import { estimate } from '../words/verdict-rows.ts';
import { COSTS, type ComparedLeg, type ComparedPart, type ComparedRun, type Comparison, sizeOf } from './comparison.ts';
import { enumerated } from './doubts.ts';

/** A sentence for each further run and leg. */
export function sentencesOf({ runs, legs: compared }: Comparison): Phrase[] {
  return compared.flatMap((leg) => {
    const { name, parts, legs } = leg;
    const [one, all] = nounsOf(leg);
    const isBeside = compared.some(
      ({ protocol, transport, family }) =>
        protocol === leg.protocol && family === leg.family && transport !== leg.transport,
    );
    const many = isBeside && leg.transport === 'plain' ? `${all} without TLS` : all;
    // What there is of the cost: the whole, else a part.
    const main = COSTS.map((cost) => parts.find(({ part }) => part === cost)).find((part) => part);
    const left = new Map<string, string[]>();
    const rows = parts.filter(({ part }) => !isCost(part));
    const wholeBytes =
      main?.values[0]?.bytes ?? rows.reduce((sum, { values }) => sum + Math.abs(values[0]?.bytes ?? 0), 0);
    const told = runs.slice(1).flatMap((run, i): Array<Phrase | string> => {
      const [first, second] = [runs[0]!.letter, run.letter];
      const difference = main?.values[i + 1]?.difference;
      if (!main || !difference) {
        const why = whyNot(main, legs, i + 1, many);
        const parted = partsClause(rows, i + 1, wholeBytes);
        if (parted.length > 0) {
          return [
            say`${second}, ${name}: what one more ${one} costs in all is not compared with ${first}, since ${becauseOf(why, [second])}${parted}.`,
          ];
        }
        left.set(why, [...(left.get(why) ?? []), second]);
        return left.get(why)!.length > 1 ? [] : [why];
      }
      const where = main.part === 'total' ? '' : ` (${PART_WORDS[main.part as keyof typeof PART_WORDS]} alone)`;
      const noun = `one more ${one}${where}`;
      const parted = partsClause(rows, i + 1, wholeBytes);
      if (difference.word === 'no difference shown') {
        return [
          say`${second}, ${name}: no difference shown; what ${noun} costs differs from ${first} by something between ${signedBounds(difference)}${parted}.`,
        ];
      }
      return [
        say`${second}, ${name}: ${difference.word} than ${first}; what ${noun} costs differs by ${differencePhrase(difference)}${parted}.`,
      ];
    });
    return told.map((sentence) => {
      if (typeof sentence !== 'string') return sentence;
      const letters = left.get(sentence)!;
      return say`${enumerated(letters)}, ${name}: not compared with ${runs[0]!.letter}, since ${becauseOf(sentence, letters)}.`;
    });
  });
}

/** Stands for the run that isn't compared, whose letter isn't the same for all of which a reason goes. */
const ITSELF = '{itself}';

/** @param letters of the runs that a reason goes for */
function becauseOf(why: string, letters: readonly string[]): string {
  const subject = letters.length > 1 ? 'they' : letters[0]!;
  return why.replace(ITSELF, subject).replace(/^they knows/, 'they know');
}

/** What the first, or this one, lacks. */
function whyNot(main: ComparedPart | undefined, legs: ComparedLeg['legs'], at: number, many: string): string {
  const lacks = [0, at].filter((one) => !main?.values[one]);
  return lacks
    .map((one) => `${one === 0 ? 'A' : ITSELF} ${legs[one] ? 'knows no cost' : `had no ${many}`}`)
    .join(' and ');
}

const isCost = (part: ComparedPart['part']): boolean => (COSTS as readonly string[]).includes(part);

/** Less of a part than this share of the whole cost is nobody's concern. */
const LEAST_SHARE = 0.01;
const MOST_PARTS = 3;

/** Rows whose difference is shown: the whole may hide what one of them has more of, or not be known. */
function partsClause(rows: readonly ComparedPart[], at: number, wholeBytes: number): Phrase {
  const shown = rows
    .flatMap(({ part, values }) => {
      const difference = values[at]?.difference ?? null;
      const isShown = difference !== null && difference.word !== 'no difference shown';
      return isShown && Math.abs(difference.bytes) >= LEAST_SHARE * wholeBytes ? [{ part, difference }] : [];
    })
    .sort((a, b) => Math.abs(b.difference.bytes) - Math.abs(a.difference.bytes))
    .slice(0, MOST_PARTS);
  if (shown.length === 0) return [];
  const told = shown.map(({ part, difference }) => {
    const { bytes: by, low, high } = difference;
    return say`${componentLabel(part as Parameters<typeof componentLabel>[0])} by ${signedInterval(by, low, high)}`;
  });
  return say`; shown part by part: ${joined(told, ', ')}`;
}

const PART_WORDS = {
  total: 'one more connection costs',
  user: 'in user space',
  kernel: 'in the kernel',
  charged: 'charged to its memory cgroup',
} as const;

/** What is compared. */
export const runsTable = (runs: readonly ComparedRun[]): Table => ({
  caption: 'The runs',
  columns: [
    ...[{ title: '' }, { title: 'run', words: true }, { title: 'target', words: true }],
    ...[{ title: 'began (UTC)' }, { title: 'ended', words: true }, { title: 'launches' }],
  ],
  rows: runs.map(({ letter, run, summary, folder }) => ({
    head: letter,
    cells: [
      `${summary.name} (${folder})`,
      run.target.name,
      run.startedAt.slice(0, 16).replace('T', ' '),
      summary.status,
      count(run.plan.launches),
    ],
  })),
});

/**
 * Every part of the cost, and a little of what else there is. Each run beside the first has a table of its own, since all
 * in one would be wider than a sheet of paper. Where no other has come to a level of such a leg, the first stands alone.
 */
export function legTables(compared: ComparedLeg, runs: readonly ComparedRun[]): Table[] {
  const others = runs.flatMap((_, i) => (i > 0 && (compared.legs[i]?.levels.length ?? 0) > 0 ? [[0, i]] : []));
  return (others.length > 0 ? others : [[0]]).map((shown) => pairTable(compared, runs, shown));
}

/** A leg's connections are of one kind: the row of the other says nothing. */
const isOfLeg = ({ part, values }: ComparedPart): boolean =>
  (part !== 'tcpSock' && part !== 'unixSock') || values.some((value) => value !== null && value.bytes !== 0);

/** @param shown the places of the first run and of the one that it is compared with */
function pairTable({ name, legs, parts }: ComparedLeg, runs: readonly ComparedRun[], shown: number[]): Table {
  const [first = '', second] = shown.map((i) => runs[i]!.letter);
  const columns: TableColumn[] =
    second === undefined
      ? [{ title: first }]
      : [{ title: first }, { title: second }, { title: `${second} − ${first}` }, { title: 'shown', words: true }];
  const row = (
    head: string,
    what: 'baselineBytes' | 'topOpen',
    print: (value: number) => Part,
  ): Table['rows'][number] => ({
    head,
    cells: [...shown.map((i) => orUnknown(legs[i] && sizeOf(legs[i])[what], print)), ...columns.slice(2).map(() => '')],
  });
  const names = second === undefined ? first : `${second} against ${first}`;
  return {
    caption: say`${name}, ${names}: what one more connection costs, with 95 % intervals; differences with 99 %`,
    columns: [{ title: '' }, ...columns],
    rows: [
      ...parts
        .filter(isOfLeg)
        .map((part) => partRow(part, shown))
        .filter(({ cells }) => cells.some((cell) => cell !== UNKNOWN)),
      row('baseline, without connections', 'baselineBytes', bytes),
      row('connections at the top', 'topOpen', count),
    ],
  };
}

function partRow({ part, values }: ComparedPart, shown: number[]): Table['rows'][number] {
  const words = isCost(part)
    ? PART_WORDS[part as keyof typeof PART_WORDS]
    : componentLabel(part as Parameters<typeof componentLabel>[0]);
  const own = shown.map((i): Part => {
    const value = values[i] ?? null;
    return value === null ? UNKNOWN : value.interval ? estimate(value.interval) : size(value.bytes);
  });
  const { difference = null, differenceBytes = null } = values[shown[1] ?? 0] ?? {};
  const change = difference ? differencePhrase(difference) : orUnknown(differenceBytes, signedBytes);
  return {
    head: part === 'total' ? words : isCost(part) ? `  ${words}` : `    ${words}`,
    cells: shown.length === 1 ? own : [...own, change, difference?.word ?? ''],
  };
}
