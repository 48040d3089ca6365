import { componentLabel } from '../../charts/ledger-chart.ts';
import type { Difference } from '../../core/difference.ts';
import type { LegSummary } from '../../core/summary.ts';
import { bytes, count, type Part, type Phrase, percent, type Quantity, say, UNKNOWN } from '../phrase.ts';
import { estimate } from '../rows.ts';
import type { TableColumn } from '../table-data.ts';
import { NOUNS } from '../verdict.ts';
import { COSTS, type ComparedPart, type ComparedProtocol, type ComparedRun, type Comparison } from './comparison.ts';

/** What a comparison says, for terminal, Markdown and HTML alike. */
export interface ComparedTable {
  readonly caption: Part;
  readonly columns: readonly TableColumn[];
  readonly rows: ReadonlyArray<{ readonly head: Part; readonly cells: readonly Part[] }>;
}

/** A sentence for each further run and protocol. */
export function sentencesOf({ runs, protocols }: Comparison): Phrase[] {
  return protocols.flatMap(({ protocol, parts }) => {
    const [one] = NOUNS[protocol];
    // What there is of the cost: the whole, else a part.
    const main = COSTS.map((name) => parts.find(({ part }) => part === name)).find((part) => part);
    return runs.slice(1).map((run, i): Phrase => {
      const difference = main?.values[i + 1]?.difference;
      if (!main || !difference)
        return say`${run.letter}, ${protocol}: there is nothing to be compared with ${runs[0]!.letter}.`;
      const where = main.part === 'total' ? '' : ` (${PART_WORDS[main.part as keyof typeof PART_WORDS]} alone)`;
      if (difference.word === 'no difference shown') {
        return say`${run.letter}, ${protocol}: no difference shown; what one more ${one}${where} costs differs from ${runs[0]!.letter} by something between ${signed(difference.low)} and ${signed(difference.high)}.`;
      }
      return say`${run.letter}, ${protocol}: ${difference.word} than ${runs[0]!.letter}; one more ${one}${where} costs ${differencePhrase(difference)}.`;
    });
  });
}

const PART_WORDS = {
  total: 'one more connection costs',
  user: 'in user space',
  kernel: 'in the kernel',
  charged: 'charged to its memory cgroup',
} as const;

/** What is compared. */
export const runsTable = (runs: readonly ComparedRun[]): ComparedTable => ({
  caption: 'The runs',
  columns: ['', 'run', 'target', 'began (UTC)', 'ended', 'launches'].map((title) => ({ title, words: true })),
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

/** Every part of the cost, and a little of what else there is. */
export function protocolTable(
  { protocol, legs, parts }: ComparedProtocol,
  runs: readonly ComparedRun[],
): ComparedTable {
  const [base] = runs;
  const columns = runs.flatMap(({ letter }, i): TableColumn[] =>
    i === 0
      ? [{ title: letter }]
      : [{ title: letter }, { title: `${letter} − ${base!.letter}` }, { title: 'shown', words: true }],
  );
  const more = (head: string, value: (leg: LegSummary) => Quantity | null): ComparedTable['rows'][number] => ({
    head,
    cells: legs.flatMap((leg, i): Part[] => {
      const told: Part = (leg && value(leg)) ?? UNKNOWN;
      return i === 0 ? [told] : [told, '', ''];
    }),
  });
  return {
    caption: say`${protocol}: what one more connection costs, with 95 % intervals; differences with 99 %`,
    columns: [{ title: '' }, ...columns],
    rows: [
      ...parts.map(partRow),
      more('baseline, without connections', ({ baselineBytes }) =>
        baselineBytes === null ? null : bytes(baselineBytes),
      ),
      more('connections at the top', ({ levels }) => count(levels.at(-1)?.open ?? 0)),
    ],
  };
}

function partRow({ part, values }: ComparedPart): ComparedTable['rows'][number] {
  const isCost = (COSTS as readonly string[]).includes(part);
  const words = isCost
    ? PART_WORDS[part as keyof typeof PART_WORDS]
    : componentLabel(part as Parameters<typeof componentLabel>[0]);
  return {
    head: part === 'total' ? words : isCost ? `  ${words}` : `    ${words}`,
    cells: values.flatMap((value, i): Part[] => {
      const own: Part = value === null ? UNKNOWN : value.interval ? estimate(value.interval) : bytes(value.bytes);
      if (i === 0) return [own];
      if (!value || value.differenceBytes === null) return [own, UNKNOWN, ''];
      return value.difference
        ? [own, differencePhrase(value.difference), value.difference.word]
        : [own, signed(value.differenceBytes), ''];
    }),
  };
}

function differencePhrase(difference: Difference): Phrase {
  const { low, high } = difference;
  const share = difference.percent === null ? '' : say` (${signedPercent(difference.percent)})`;
  return say`${signed(difference.bytes)} [${signed(low)}, ${signed(high)}]${share}`;
}

const signed = (value: number): Quantity => ({ value, text: `${value > 0 ? '+' : ''}${bytes(value).text}` });
const signedPercent = (value: number): Quantity => ({
  value,
  text: `${value > 0 ? '+' : ''}${percent(value, 1).text}`,
});
