import { type LegSummary, STAGES, type StageName } from '../core/schemas/leg-summary.ts';
import { humanMs } from '../core/values/units.ts';
import { baseOption, categoryAxis, msAxis, quiet, tooltip } from './axes.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { type Decal, DOTS, STRIPES } from './patterns.ts';
import { colour, type Role } from './theme.ts';

const LOOKS: Readonly<Record<StageName, readonly [Role, Decal]>> = {
  connecting: ['kernel', {}],
  securing: ['forecast', STRIPES],
  handshaking: ['user', DOTS],
};

/** What opening consists of, a bar a leg: its parts are means, which sum to the mean of the whole. */
export function stagesChart(legs: readonly LegSummary[]): Chart | undefined {
  const known = legs.flatMap(({ name, stages }) => (stages === null ? [] : [{ name, stages }]));
  if (known.length === 0) return undefined;
  const shown = STAGES.filter((stage) => known.some(({ stages }) => (stages[stage]?.meanMs ?? 0) > 0));
  const meanOf = ({ stages }: (typeof known)[number], stage: StageName): number => stages[stage]?.meanMs ?? 0;
  const series = shown.map((stage): SeriesOption => {
    const [role, decal] = LOOKS[stage];
    return {
      ...quiet,
      type: 'bar',
      name: stage,
      stack: 'open',
      barMaxWidth: 44,
      barCategoryGap: '30%',
      data: known.map((leg) => meanOf(leg, stage)),
      itemStyle: { color: colour(role), borderColor: colour('surface'), borderWidth: 1, ...decal },
    };
  });
  const partsText = (leg: (typeof known)[number]): string =>
    shown.map((stage) => `${stage} ${formatOrUnknown(leg.stages[stage]?.meanMs, humanMs)}`).join(', ');
  const textAt = (index: number): string => {
    const leg = known[index];
    return leg ? `${leg.name}\n${partsText(leg).replaceAll(', ', '\n')}` : '';
  };
  const most = known.map((leg) => shown.reduce((sum, stage) => sum + meanOf(leg, stage), 0));
  return {
    title: 'What opening consists of, on average',
    description: known.map((leg) => `${leg.name}: ${partsText(leg)}.`).join(' '),
    hover: { along: 'y', places: known.map((_, i) => i), textAt },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textAt),
      xAxis: msAxis(Math.max(...most)),
      yAxis: { ...categoryAxis(known.map(({ name }) => name)), inverse: true },
      series,
    }),
    table: {
      head: ['stage', ...known.map(({ name }) => name)],
      rows: shown.map((stage) => [
        stage,
        ...known.map(({ stages }) => formatOrUnknown(stages[stage]?.meanMs, humanMs)),
      ]),
    },
  };
}
