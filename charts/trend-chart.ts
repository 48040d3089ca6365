import type { Estimate } from '../core/stats/slope.ts';
import { humanBetween, humanBytes, humanCells } from '../core/values/units.ts';
import { baseOption, bytesAxis, categoryAxis, quiet, tooltip } from './axes.ts';
import type { Chart } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';

/** What one run said of one more connection. */
export interface TrendPoint extends Estimate {
  /** Short: it stands at the axis. */
  readonly label: string;
}

/** Half as wide as the cap at either end of an interval, in pixels. */
const CAP = 4;

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
    intervals('95 % interval', points),
  ];
  return {
    title,
    description: trendSentence(points),
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

/** An upright stroke with a cap at either end. */
function intervals(name: string, points: readonly TrendPoint[]): SeriesOption {
  const stroke = { stroke: colour('total'), lineWidth: 1.5 };
  return {
    silent: true,
    animation: false,
    type: 'custom',
    name,
    data: points.map((_, i) => [i, 0]),
    z: 2,
    encode: { x: 0, y: [] },
    itemStyle: { color: colour('total') },
    renderItem: ({ dataIndex }, api) => {
      const { low, high } = points[dataIndex]!;
      const [[x = 0, bottom = 0], [, top = 0]] = [api.coord([dataIndex, low]), api.coord([dataIndex, high])] as [
        number[],
        number[],
      ];
      const line = (x1: number, y1: number, x2: number, y2: number) =>
        ({ type: 'line', shape: { x1, y1, x2, y2 }, style: stroke }) as const;
      return {
        type: 'group',
        children: [line(x, bottom, x, top), line(x - CAP, bottom, x + CAP, bottom), line(x - CAP, top, x + CAP, top)],
      };
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
