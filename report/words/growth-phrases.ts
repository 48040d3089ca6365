import type { Growth, Summary } from '../../core/schemas/summary.ts';
import { allowed } from '../fold/growth.ts';
import { differencePhrase } from './difference-phrases.ts';
import { bytes, orUnknown, type Phrase, say, UNKNOWN } from './phrase.ts';
import type { TableData } from './table.ts';
import { wordOf } from './threshold-phrases.ts';

const legName = ({ leg, part }: Growth): string => `${leg}${part === 'user' ? ', in user space alone' : ''}`;

const differenceTold = ({ difference }: Growth): Phrase => (difference ? differencePhrase(difference) : [UNKNOWN]);

const cameTo = ({ bytes: value, passed, isShown }: Growth): string => wordOf({ value, passed, isShown });

/** A line for each leg, for a terminal. */
export function growthLines({ baseline }: Summary): Phrase[] {
  if (!baseline) return [];
  const { folder, maxGrowthPercent, legs } = baseline;
  return legs.map(
    (leg) =>
      say`growth: ${legName(leg)}: ${orUnknown(leg.bytes, bytes)}, ${differenceTold(leg)} over ${folder}, ${allowed(maxGrowthPercent)} allowed: ${cameTo(leg)}`,
  );
}

/** What the cost of each leg grew by since the earlier run, and what came of it. */
export const growthTable = ({ baseline }: Summary): TableData => ({
  topic: 'cost',
  isMain: true,
  caption: baseline
    ? say`Growth over ${baseline.folder} (${baseline.name}): the run fails if more than ${allowed(baseline.maxGrowthPercent)} is shown; differences with 99 % intervals`
    : '',
  columns: [
    ...[{ title: 'one more costs' }, { title: 'earlier' }, { title: 'now' }, { title: 'difference' }],
    ...['shown', 'came to'].map((title) => ({ title, words: true })),
  ],
  rows: (baseline?.legs ?? []).map((leg) => ({
    head: legName(leg),
    cells: [
      ...[leg.baselineBytes, leg.bytes].map((value) => orUnknown(value, bytes)),
      ...[differenceTold(leg), leg.difference?.word ?? '', cameTo(leg)],
    ],
  })),
});
