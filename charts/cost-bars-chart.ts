import type { Estimate } from '../core/stats/slope.ts';
import { humanBytes } from '../core/values/units.ts';
import { baseOption, bytesAxis, categoryAxis, quiet, tooltip, withNames } from './axes.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { STRIPES } from './patterns.ts';
import { colour } from './theme.ts';

/** What one more connection costs with one server. */
export interface CostBar {
  readonly label: string;
  readonly user: Estimate | null;
  readonly kernel: Estimate | null;
  /** Both together; its interval is drawn. */
  readonly total: Estimate | null;
}

/** Several servers under each other: user space and kernel stacked, with the interval of the whole as a line across the end. */
export function costBarsChart(title: string, bars: readonly CostBar[]): Chart {
  const bar = (name: string, part: 'user' | 'kernel'): SeriesOption => ({
    ...quiet,
    type: 'bar',
    name,
    stack: 'cost',
    barMaxWidth: 26,
    barCategoryGap: '35%',
    data: bars.map((one) => one[part]?.bytes ?? null),
    itemStyle: {
      color: colour(part),
      borderColor: colour('surface'),
      borderWidth: 1,
      ...(part === 'kernel' ? STRIPES : {}),
    },
  });
  const stacked = [bar('user space', 'user'), bar('kernel', 'kernel')];
  const intervals = bars.flatMap(({ total }, i): SeriesOption[] =>
    total === null
      ? []
      : [
          {
            ...quiet,
            type: 'line',
            name: 'interval',
            symbol: 'rect',
            symbolSize: [1.5, 10],
            z: 5,
            data: [
              [Math.max(0, total.low), i],
              [total.high, i],
            ],
            lineStyle: { color: colour('text'), width: 1.5 },
            itemStyle: { color: colour('text') },
          },
        ],
  );
  const textOf = ({ label, user, kernel, total }: CostBar): string =>
    `${label}: ${formatOrUnknown(total?.bytes, humanBytes)} (${formatOrUnknown(user?.bytes, humanBytes)} in user space, ${formatOrUnknown(kernel?.bytes, humanBytes)} in the kernel)`;
  const textAt = (index: number): string => (bars[index] ? textOf(bars[index]) : '');
  const most = bars.map(({ total, user, kernel }) => total?.high ?? (user?.bytes ?? 0) + (kernel?.bytes ?? 0));
  return {
    title,
    description: `${bars.map(textOf).join('; ')}. The line across the end of a bar is the 95 % interval of the whole.`,
    hover: { along: 'y', places: bars.map((_, i) => i), textAt },
    option: (width) => ({
      ...withNames(
        baseOption(stacked, width),
        bars.map(({ label }) => label),
      ),
      ...tooltip(textAt),
      xAxis: bytesAxis(Math.max(1, ...most)),
      yAxis: { ...categoryAxis(bars.map(({ label }) => label)), inverse: true },
      series: [...stacked, ...intervals],
    }),
    table: {
      head: ['server', 'user space', 'kernel', 'together'],
      rows: bars.map(({ label, ...own }) => [
        label,
        ...[own.user, own.kernel, own.total].map((one) => formatOrUnknown(one?.bytes, humanBytes)),
      ]),
    },
  };
}
