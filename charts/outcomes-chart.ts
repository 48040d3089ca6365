import type { LegSummary } from '../core/schemas/leg-summary.ts';
import { OUTCOMES } from '../core/values/outcomes.ts';
import { humanCount } from '../core/values/units.ts';
import { baseOption, categoryAxis, countYAxis, quiet, tooltip } from './axes.ts';
import type { Chart } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour, type Role } from './theme.ts';

/** A bar that stands for something has to be seen, however few it stands for. */
const LEAST_PIXELS = 4;

/** How attempts to open ended: a bar for each outcome of each leg that there was. Where all opened there is nothing to see. */
export function outcomesChart(legs: readonly LegSummary[]): Chart | undefined {
  const bars = legs.flatMap(({ name: leg, outcomes }) =>
    OUTCOMES.filter((name) => outcomes[name] > 0).map((name) => ({ leg, name, attempts: outcomes[name] })),
  );
  if (bars.every(({ name }) => name === 'open')) return undefined;
  const series = (name: string, role: Role, isOpen: boolean): SeriesOption => ({
    ...quiet,
    type: 'bar',
    name,
    stack: 'attempts',
    barMaxWidth: 28,
    barMinHeight: LEAST_PIXELS,
    data: bars.map((bar) => ((bar.name === 'open') === isOpen ? bar.attempts : null)),
    itemStyle: { color: colour(role) },
    label: {
      show: true,
      position: 'right',
      color: colour('text'),
      formatter: ({ value }) => humanCount(Number(value)),
    },
  });
  const all = [
    ...(bars.some(({ name }) => name === 'open') ? [series('opened', 'connections', true)] : []),
    ...(bars.some(({ name }) => name !== 'open') ? [series('failed', 'bad', false)] : []),
  ];
  const textAt = (index: number): string =>
    bars[index] ? `${bars[index].leg}: ${humanCount(bars[index].attempts)} ${bars[index].name}` : '';
  const most = Math.max(...bars.map(({ attempts }) => attempts));
  return {
    title: 'How attempts to open ended',
    description: legs.map(outcomesSentence).join(' '),
    hover: { along: 'y', places: bars.map((_, i) => i), textAt },
    option: (width) => ({
      ...baseOption(all, width),
      ...tooltip(textAt),
      // Room for the number beside the longest bar.
      xAxis: countYAxis(most * 1.15),
      yAxis: { ...categoryAxis(bars.map(({ leg, name }) => `${leg}: ${name}`)), inverse: true },
      series: all,
    }),
    table: {
      head: ['', 'attempts'],
      rows: bars.map(({ leg, name, attempts }) => [`${leg}: ${name}`, humanCount(attempts)]),
    },
  };
}

function outcomesSentence({ name, attempts, outcomes }: LegSummary): string {
  const opened = outcomes.open === attempts ? 'all' : humanCount(outcomes.open);
  return `${name}: of ${humanCount(attempts)} attempts ${opened} opened.`;
}
