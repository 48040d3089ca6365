import { humanCount, humanMs } from '../core/values/units.ts';
import { baseOption, logAxis, nearest, quiet, shortCount, shortMs, tooltip } from './axes.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { lookOf } from './series-look.ts';
import { colour } from './theme.ts';

/** How long one server took at each number of open connections. */
export interface TimesLine {
  readonly label: string;
  /** Ascending; null where nothing was answered. */
  readonly points: ReadonlyArray<{ readonly open: number; readonly ms: number | null }>;
}

/** Times of several servers against open connections, both by powers of ten. */
export function timesChart(title: string, lines: readonly TimesLine[]): Chart {
  const opens = [...new Set(lines.flatMap(({ points }) => points.map(({ open }) => open)))].sort((a, b) => a - b);
  const known = lines.flatMap(({ points }) => points.flatMap(({ ms }) => (ms !== null && ms > 0 ? [ms] : [])));
  const series = lines.map(({ label, points }, i): SeriesOption => {
    const { role, symbol, line } = lookOf(i);
    return {
      ...quiet,
      type: 'line',
      name: label,
      symbol,
      symbolSize: 8,
      showAllSymbol: true,
      // A logarithmic axis has no 0.
      data: points.map(({ open, ms }) => [open, ms ? ms : null]),
      lineStyle: { color: colour(role), width: 1.5, type: line },
      itemStyle: { color: colour(role) },
    };
  });
  const cellAt = ({ points }: TimesLine, at: number): string =>
    formatOrUnknown(points.find(({ open }) => open === at)?.ms, humanMs);
  const textAt = (place: number): string => {
    const at = nearest(opens, place, (open) => open);
    if (at === undefined) return '';
    return [`${humanCount(at)} open`, ...lines.map((line) => `${line.label}: ${cellAt(line, at)}`)].join('\n');
  };
  const top = opens.at(-1) ?? 1;
  return {
    title,
    description: `With ${humanCount(top)} open: ${lines.map((line) => `${line.label} ${cellAt(line, top)}`).join(', ')}.`,
    hover: { places: opens, textAt },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textAt),
      xAxis: {
        ...logAxis(shortCount, Math.min(...opens, top), top),
        name: 'open connections',
        nameLocation: 'middle',
        nameGap: 26,
      },
      yAxis: logAxis(shortMs, Math.min(...known, 1), Math.max(...known, 1)),
      series,
    }),
    table: {
      head: ['open', ...lines.map(({ label }) => label)],
      rows: opens.map((open) => [humanCount(open), ...lines.map((line) => cellAt(line, open))]),
    },
  };
}
