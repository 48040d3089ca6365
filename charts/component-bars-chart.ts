import type { Estimate } from '../core/stats/slope.ts';
import { humanBytes, humanCells } from '../core/values/units.ts';
import { baseOption, bytesAxis, categoryAxis, quiet, tooltip, withNames } from './axes.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { type Decal, DOTS, STRIPES } from './patterns.ts';
import { colour, type Role } from './theme.ts';

/** A part of what one more connection costs, by each run; null where a run doesn't know it. */
export interface ComponentRow {
  readonly label: string;
  readonly values: ReadonlyArray<{ readonly bytes: number; readonly interval: Estimate | null } | null>;
}

const LOOKS: ReadonlyArray<readonly [Role, Decal]> = [
  ['user', {}],
  ['kernel', STRIPES],
  ['connections', DOTS],
];
/** More runs than this can't be told apart within one part. */
export const MOST_RUNS = LOOKS.length;

/** Parts under each other, for each a bar a run with its interval; in the order of the runs. */
export function componentBarsChart(title: string, runs: readonly string[], rows: readonly ComponentRow[]): Chart {
  const bars = runs.map((name, run): SeriesOption => {
    const [role, decal] = LOOKS[run % LOOKS.length]!;
    return {
      ...quiet,
      type: 'bar',
      name,
      barMaxWidth: 14,
      barGap: '15%',
      barCategoryGap: '30%',
      data: rows.map(({ values }) => Math.max(0, values[run]?.bytes ?? 0)),
      itemStyle: { color: colour(role), borderColor: colour('surface'), borderWidth: 1, ...decal },
    };
  });
  const textOf = ({ label, values }: ComponentRow): string =>
    [label, ...runs.map((name, run) => `${name}: ${valueText(values[run] ?? null)}`)].join('\n');
  const textAt = (index: number): string => (rows[index] ? textOf(rows[index]) : '');
  const names = rows.map(({ label }) => label);
  const most = rows.flatMap(({ values }) => values.map((value) => value?.bytes ?? 0));
  return {
    title,
    description: `${runs.join(', ')}: each part of what one more connection costs.`,
    hover: { along: 'y', places: rows.map((_, i) => i), textAt },
    option: (width) => ({
      ...withNames(baseOption(bars, width), names),
      ...tooltip(textAt),
      xAxis: bytesAxis(Math.max(1, ...most)),
      yAxis: { ...categoryAxis(names), inverse: true },
      series: bars,
    }),
    table: {
      head: ['part', ...runs],
      rows: rows.map(({ label, values }) => [label, ...runs.map((_, run) => valueText(values[run] ?? null))]),
    },
  };
}

function valueText(value: ComponentRow['values'][number]): string {
  if (!value?.interval) return formatOrUnknown(value && Math.max(0, value.bytes), humanBytes);
  const [bytes, low, high] = [value.bytes, value.interval.low, value.interval.high].map((end) => Math.max(0, end));
  const [told, least, most] = humanCells(bytes!, low!, high!);
  return `${told}, ${least} to ${most}`;
}
