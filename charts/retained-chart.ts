import type { LegSummary } from '../core/schemas/leg-summary.ts';
import type { LegSeries } from '../core/schemas/series.ts';
import { isLeak } from '../core/stats/retained.ts';
import { humanBetween, humanBytes, humanCount } from '../core/values/units.ts';
import { baseOption, bytesAxis, categoryAxis, quiet, tooltip } from './axes.ts';
import type { Chart } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';

/** A baseline and two cycles: with one, there is nothing to be seen that a number doesn't tell. */
const LEAST_DRAINS = 3;

/** User memory with no connection open, after each cycle: what grows from one to the next is a leak. */
export function retainedChart({ name, drains }: LegSeries, retained: LegSummary['retained']): Chart | undefined {
  if (drains.length < LEAST_DRAINS) return undefined;
  const names = drains.map(({ cycle }) => (cycle === 0 ? 'baseline' : `after cycle ${cycle}`));
  const series: SeriesOption[] = [
    {
      ...quiet,
      type: 'bar',
      name: 'user memory without connections',
      barMaxWidth: 44,
      data: drains.map(({ bytes }) => bytes),
      itemStyle: { color: colour('user') },
    },
  ];
  const textOf = (index: number): string => {
    const drain = drains[index];
    if (!drain) return '';
    return `${names[index]}\n${humanBytes(drain.bytes)}, ${humanCount(drain.closedConnections)} closed`;
  };
  return {
    title: `${name}: what closed connections leave behind`,
    description: retainedSentence(retained),
    hover: { places: drains.map((_, i) => i), textAt: textOf },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textOf),
      xAxis: categoryAxis(names),
      yAxis: bytesAxis(Math.max(1, ...drains.map(({ bytes }) => bytes))),
      series,
    }),
    table: {
      head: ['', 'user memory', 'closed since the baseline'],
      rows: drains.map(({ bytes, closedConnections }, i) => [
        names[i]!,
        humanBytes(bytes),
        humanCount(closedConnections),
      ]),
    },
  };
}

function retainedSentence(retained: LegSummary['retained']): string {
  if (retained === null) return 'What is retained is not known.';
  const { bytesPerClosedConnection: bytes, low, high } = retained;
  if (low === null || high === null)
    return `Each closed connection left ${humanBytes(bytes)}, after too few cycles to tell a leak.`;
  const verdict = isLeak({ low }) ? 'a leak' : 'no leak of user memory';
  return `From cycle to cycle each closed connection leaves ${humanBetween(bytes, low, high)}: ${verdict}.`;
}
