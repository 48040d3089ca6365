import type { VariantPart, VariantPartName, VariantResult, VariantsResult } from '../../core/schemas/variants.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { differencePhrase, signedBytes, signedInterval } from '../words/difference-phrases.ts';
import { bytes, count, joined, orUnknown, type Part, type Phrase, say, size, UNKNOWN } from '../words/phrase.ts';
import type { Table } from '../words/table.ts';
import { estimate } from '../words/verdict-rows.ts';
import { isSum, partLabel } from './charts.ts';

/** A sentence for each variant but the base. */
export const sentencesOfVariants = ({ variants }: Pick<VariantsResult, 'variants'>): Phrase[] => {
  const [base, ...others] = variants;
  return others.map((one) => say`${sentenceOf(one, base!)}${churnClause(one.churn, base!)}${slowClause(one.slow)}`);
};

/** What one more takes while connections are replaced. */
function churnClause(churn: VariantResult['churn'], { name }: VariantResult): Part {
  if (!churn) return '';
  const { interval, difference } = churn;
  const by = difference ? say`, which differs from ${name} by ${differencePhrase(difference)}: ${difference.word}` : '';
  return say` While connections are replaced one more costs ${estimate(interval)}${by}.`;
}

/** What one that reads slowly takes. */
function slowClause(slow: VariantResult['slow']): Part {
  const { user = null, kernel = null } = slow ?? {};
  const told = [
    ...(user ? [say`${takenOf(user)} in user space`] : []),
    ...(kernel ? [say`${takenOf(kernel)} in the kernel`] : []),
  ];
  return told.length === 0 ? '' : say` One that reads slowly takes besides, while it does: ${joined(told, ', ')}.`;
}

/** One run has no interval. */
const takenOf = (taken: Estimate): Part => (taken.low === taken.high ? size(taken.bytes) : estimate(taken));

function sentenceOf({ name, parts, state }: VariantResult, base: VariantResult): Phrase {
  const main = ['total', 'user', 'kernel'].flatMap((one) => parts.find(({ part }) => part === one) ?? [])[0];
  const difference = main?.difference;
  if (!main || !difference) {
    const why = state === 'failed' ? 'its runs failed' : `what one more connection costs is not known of both`;
    return say`${name}: not held against ${base.name}, since ${why}.`;
  }
  const where = main.part === 'total' ? '' : ` (${partLabel(main.part)} alone)`;
  return difference.word === 'no difference shown'
    ? say`${name}: no difference to ${base.name} shown; it lies between ${signedBytes(difference.low)} and ${signedBytes(difference.high)} a connection${where}.`
    : say`${name}: one more connection costs ${differencePhrase(difference)} against ${base.name}${where}.`;
}

/** Every variant in a row: what one more connection costs, and how that differs from the base. */
export function variantsTable({ variants }: Pick<VariantsResult, 'variants'>): Table {
  const [base, ...others] = variants;
  const told = (one: VariantResult, part: VariantPartName): VariantPart | undefined =>
    one.parts.find((value) => value.part === part);
  const differs = (one: VariantResult, part: VariantPartName): Part => {
    if (one === base) return '';
    const difference = told(one, part)?.difference;
    return difference ? signedInterval(difference.bytes, difference.low, difference.high) : UNKNOWN;
  };
  return {
    caption: say`What one more connection costs, with 95 % intervals, and by how much that differs from ${base?.name ?? ''}, with 99 %`,
    columns: [
      { title: '' },
      { title: 'one more connection' },
      { title: 'differs by' },
      { title: 'in user space by' },
      { title: 'in the kernel by' },
      { title: 'runs' },
      { title: 'state', words: true },
    ],
    rows: [base, ...others]
      .filter((one) => one !== undefined)
      .map((one) => ({
        head: one.name,
        cells: [
          estimate(told(one, 'total')?.interval ?? null),
          differs(one, 'total'),
          differs(one, 'user'),
          differs(one, 'kernel'),
          say`${count(one.measured)} of ${count(one.planned)}`,
          one.said === '' ? one.state : `${one.state}: ${firstOf(one.said)}`,
        ],
      })),
  };
}

/** The last line of what a run said, where its error stands. */
const firstOf = (said: string): string => said.trim().split('\n').at(-1)!;

/** Every part of one variant beside the base's; those that neither has are left out. */
export function partsTable(variant: VariantResult, base: VariantResult): Table {
  const ofBase = new Map(base.parts.map((one) => [one.part, one]));
  const isThere = ({ part, bytes }: VariantPart): boolean =>
    isSum(part) || Math.abs(bytes) >= 1 || Math.abs(ofBase.get(part)?.bytes ?? 0) >= 1;
  const value = (one: VariantPart | undefined): Part =>
    one === undefined ? UNKNOWN : one.interval ? estimate(one.interval) : size(one.bytes);
  return {
    caption: say`${variant.name} against ${base.name}: one more connection, part by part`,
    columns: [
      { title: '' },
      { title: base.name },
      { title: variant.name },
      { title: 'difference' },
      { title: 'shown', words: true },
    ],
    rows: [
      ...variant.parts.filter(isThere).map((one) => ({
        head:
          one.part === 'total'
            ? partLabel(one.part)
            : isSum(one.part)
              ? `  ${partLabel(one.part)}`
              : `    ${partLabel(one.part)}`,
        cells: [
          value(ofBase.get(one.part)),
          value(one),
          one.difference ? differencePhrase(one.difference) : orUnknown(one.differenceBytes, signedBytes),
          one.difference?.word ?? '',
        ],
      })),
      {
        head: 'baseline, without connections',
        cells: [orUnknown(base.baselineBytes, bytes), orUnknown(variant.baselineBytes, bytes), '', ''],
      },
    ],
  };
}

/** The rows of the ledger whose difference is shown, largest first: all that a terminal has room for. */
export function shownPartsTable({ variants }: Pick<VariantsResult, 'variants'>): Table | null {
  const shown = variants.flatMap(({ name, parts }) =>
    parts
      .filter(
        ({ part, difference }) => !isSum(part) && difference !== null && difference.word !== 'no difference shown',
      )
      .sort((a, b) => Math.abs(b.difference!.bytes) - Math.abs(a.difference!.bytes))
      .map(({ part, difference }) => ({ name, part, difference: difference! })),
  );
  if (shown.length === 0) return null;
  return {
    caption: 'Differences that are shown, part by part',
    columns: [{ title: '' }, { title: 'part', words: true }, { title: 'difference' }],
    rows: shown.map(({ name, part, difference }, i) => ({
      head: shown[i - 1]?.name === name ? '' : name,
      cells: [partLabel(part), differencePhrase(difference)],
    })),
  };
}

/** How each variant is asked for, to be pasted. */
export const commandsTable = ({ variants }: Pick<VariantsResult, 'variants'>): Table => ({
  caption: 'Each variant alone',
  columns: [{ title: '' }, { title: 'command', words: true }],
  rows: variants.map(({ name, again }) => ({ head: name, cells: [again] })),
});

/** The runs in the order in which they were made. */
export const runsTableOf = ({ runs }: Pick<VariantsResult, 'runs'>): Table => ({
  caption: 'The runs, in the order in which they were made',
  columns: [
    { title: '' },
    { title: 'variant', words: true },
    { title: 'began (UTC)' },
    { title: 'state', words: true },
  ],
  rows: runs.map(({ folder, variant, startedAt, state, exitCode }) => ({
    head: folder,
    cells: [
      variant,
      startedAt === null ? UNKNOWN : startedAt.slice(0, 19).replace('T', ' '),
      state === 'failed' && exitCode !== null ? say`failed with ${count(exitCode)}` : state,
    ],
  })),
});
