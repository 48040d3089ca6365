import type { Estimate } from '../core/stats/slope.ts';
import { humanBetween, humanBytes, humanCells } from '../core/values/units.ts';
import { baseOption, bytesAxis, categoryAxis, quiet, tooltip } from './axes.ts';
import type { Chart } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { intervalStrokes } from './interval-strokes.ts';
import { colour } from './theme.ts';

/** What one run said of one more connection. */
export interface TrendPoint extends Estimate {
  /** Short: it stands at the axis. */
  readonly label: string;
}

/** The cost of a connection from run to run, in their order, each with its interval. */
export function trendChart(title: string, points: readonly TrendPoint[]): Chart {
  const series: SeriesOption[] = [
    {
      ...quiet,
      type: 'line',
      name: 'one more connection costs',
      symbol: 'circle',
      symbolSize: 8,
      showAllSymbol: true,
      z: 3,
      data: points.map(({ bytes }) => bytes),
      lineStyle: { color: colour('total'), width: 1.5, type: 'dotted' },
      itemStyle: { color: colour('total') },
    },
    intervalStrokes(
      '95 % interval',
      points.map(({ low, high }, at) => ({ at, low, high })),
      'x',
    ),
  ];
  return {
    title,
    description: trendSentence(points),
    hover: { places: points.map((_, i) => i), textAt: (index) => textOf(points[index]) },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip((index) => textOf(points[index])),
      xAxis: categoryAxis(points.map(({ label }) => label)),
      yAxis: bytesAxis(Math.max(1, ...points.map(({ high }) => high))),
      series,
    }),
    table: {
      head: ['run', 'one more costs', 'at least', 'at most'],
      rows: points.map(({ label, bytes, low, high }) => [label, ...humanCells(bytes, low, high)]),
    },
  };
}

function trendSentence(points: readonly TrendPoint[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return 'No run has a cost.';
  // No percentage: without an interval it would pass for a finding, which is what comparing is for.
  return `${points.length} runs: from ${humanBytes(first.bytes)} to ${humanBytes(last.bytes)}.`;
}

const textOf = (point: TrendPoint | undefined): string =>
  point ? `${point.label}\n${humanBetween(point.bytes, point.low, point.high)}` : '';
