import type { Difference } from '../core/stats/difference.ts';
import { humanBytes } from '../core/values/units.ts';
import { baseOption, bytesAxis, categoryAxis, quiet, tooltip, withNames } from './axes.ts';
import type { Chart } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { intervalStrokes } from './interval-strokes.ts';
import { colour, type Role } from './theme.ts';

/** By how much one thing differs from the first run. */
export interface ForestRow {
  /** Its own among them. */
  readonly label: string;
  readonly difference: Difference;
}

/** What growth is allowed, in bytes, and how it is called. */
export interface Allowed {
  readonly bytes: number;
  readonly label: string;
}

const LOOKS = {
  dearer: { role: 'bad', symbol: 'triangle', hollow: false },
  cheaper: { role: 'connections', symbol: 'diamond', hollow: false },
  'no difference shown': { role: 'muted', symbol: 'circle', hollow: true },
} as const satisfies Record<Difference['word'], { role: Role; symbol: string; hollow: boolean }>;
const INTERVAL = '99 % interval';

/** Differences under each other, each with its interval, beside nothing and beside what is allowed. */
export function forestChart(title: string, rows: readonly ForestRow[], allowed: Allowed | null): Chart {
  const ends = rows.flatMap(({ difference: { low, high } }) => [low, high]);
  const words = Object.keys(LOOKS) as Array<Difference['word']>;
  const points = words
    .filter((word) => rows.some(({ difference }) => difference.word === word))
    .map((word): SeriesOption => {
      const { role, symbol, hollow } = LOOKS[word];
      return {
        ...quiet,
        type: 'scatter',
        name: word,
        symbol,
        symbolSize: 11,
        z: 4,
        itemStyle: { color: colour(hollow ? 'surface' : role), borderColor: colour(role), borderWidth: 2 },
        data: rows.flatMap(({ difference }, i) => (difference.word === word ? [[difference.bytes, i]] : [])),
      };
    });
  const intervals: SeriesOption = {
    ...intervalStrokes(
      INTERVAL,
      rows.map(({ difference }, at) => ({ ...difference, at })),
      'y',
    ),
    markLine: {
      silent: true,
      symbol: 'none',
      animation: false,
      data: [
        { xAxis: 0, lineStyle: { color: colour('axis'), type: 'solid', width: 1.5 }, label: { show: false } },
        ...(allowed === null
          ? []
          : [
              {
                xAxis: allowed.bytes,
                lineStyle: { color: colour('bad'), type: 'dashed' as const, width: 1.5 },
                label: { color: colour('text'), formatter: allowed.label, position: 'start' as const },
              },
            ]),
      ],
    },
  };
  const textAt = (index: number): string => (rows[index] ? textOf(rows[index]) : '');
  const names = rows.map(({ label }) => label);
  return {
    title,
    description: `${forestSentence(rows)}${allowed === null ? '' : ` The dashed line is ${allowed.label}.`}`,
    hover: { along: 'y', places: rows.map((_, i) => i), textAt },
    option: (width) => ({
      ...withNames(baseOption([...points, intervals], width), names),
      ...tooltip(textAt),
      xAxis: bytesAxis(Math.max(1, ...ends, allowed?.bytes ?? 0), Math.min(0, ...ends)),
      yAxis: { ...categoryAxis(names), inverse: true },
      series: [intervals, ...points],
    }),
    table: {
      head: ['', 'difference', 'at least', 'at most', 'shown'],
      rows: rows.map(({ label, difference: { bytes, low, high, word } }) => [
        label,
        ...[bytes, low, high].map(humanBytes),
        word,
      ]),
    },
  };
}

/** More than that are told by their number. */
const MOST_TOLD = 8;

function forestSentence(rows: readonly ForestRow[]): string {
  if (rows.length <= MOST_TOLD) return `${rows.map(textOf).join('; ')}.`;
  const [dearer, cheaper] = (['dearer', 'cheaper'] as const).map((word) =>
    rows
      .filter(({ difference }) => difference.word === word)
      .map(({ label }) => label)
      .join('; '),
  );
  return `Dearer: ${dearer || 'none'}. Cheaper: ${cheaper || 'none'}.`;
}

const textOf = ({ label, difference: { bytes, low, high, word } }: ForestRow): string =>
  `${label}: ${humanBytes(bytes)}, ${humanBytes(low)} to ${humanBytes(high)}: ${word}`;
