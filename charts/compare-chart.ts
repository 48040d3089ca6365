import type { LegSummary } from '../core/schemas/leg-summary.ts';
import { lineAt, predictAt } from '../core/stats/predict.ts';
import { humanBytes, humanCount } from '../core/values/units.ts';
import { baseOption, bytesAxis, countAxis, nearest, quiet, tooltip } from './axes.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { lookOf } from './series-look.ts';
import { colour } from './theme.ts';

/** A leg of one of the runs that are compared. */
export interface CompareChartLeg {
  /** Short, and its own among them. */
  readonly label: string;
  readonly leg: LegSummary;
}

/** Memory against connections of several runs over each other: what was measured, and the lines through it. */
export function compareChart(leg: string, compared: readonly CompareChartLeg[]): Chart {
  const end = Math.max(1, ...compared.map(({ leg }) => leg.levels.at(-1)?.open ?? 0));
  const measured = compared.flatMap(({ leg }) => leg.levels.map(({ bytes }) => bytes.total ?? bytes.user ?? 0));
  const drawn = compared.map(({ label, leg }, i) => {
    const { role, symbol, line: type } = lookOf(i);
    const look = { color: colour(role) };
    const points: SeriesOption = {
      ...quiet,
      type: 'scatter',
      name: label,
      symbol,
      symbolSize: 9,
      z: 3,
      itemStyle: look,
      data: leg.levels.map(({ open, bytes }) => [open, bytes.total ?? bytes.user]),
    };
    const line: SeriesOption = {
      ...quiet,
      type: 'line',
      name: label,
      symbol: 'none',
      itemStyle: look,
      lineStyle: { ...look, width: 1.5, type },
      data: lineOf(leg),
    };
    return { points, lines: leg.fit ? [line] : [] };
  });
  const all = drawn.map(({ points }) => points);
  const opens = [...new Set(compared.flatMap(({ leg }) => leg.levels.map(({ open }) => open)))].sort((a, b) => a - b);
  const cellsAt = (open: number): string[] =>
    compared.map(({ leg }) => {
      const bytes = leg.levels.find((level) => level.open === open)?.bytes;
      return formatOrUnknown(bytes?.total ?? bytes?.user, humanBytes);
    });
  const textAt = (at: number): string => {
    const open = nearest(opens, at, (one) => one) ?? 0;
    const texts = cellsAt(open).map((cell, i) => `${compared[i]!.label}: ${cell}`);
    return [`${humanCount(open)} open`, ...texts].join('\n');
  };
  return {
    title: `${leg}: memory against connections`,
    description: `${compared.map(({ label }) => label).join(', ')}: what was measured at each level, and the lines through it.`,
    hover: { places: opens, textAt },
    option: (width) => ({
      // The line through them goes without saying.
      ...baseOption(all, width),
      ...tooltip(textAt),
      xAxis: countAxis('open connections', end),
      yAxis: bytesAxis(Math.max(1, ...measured)),
      series: [...all, ...drawn.flatMap(({ lines }) => lines)],
    }),
    table: {
      head: ['open', ...compared.map(({ label }) => label)],
      rows: opens.map((open) => [humanCount(open), ...cellsAt(open)]),
    },
  };
}

/** With a gap where a step is. */
function lineOf({ fit, levels }: LegSummary): Array<[number, number | null]> {
  const top = levels.at(-1)?.open ?? 0;
  const lines = fit?.lines ?? [];
  return lines.flatMap(({ fromOpen }, i): Array<[number, number | null]> => {
    const to = Math.min(top, (lines[i + 1]?.fromOpen ?? top + 1) - 1);
    if (to < fromOpen) return [];
    const at = (open: number): [number, number] => [open, predictAt(lineAt(lines, open), open).bytes];
    return [at(fromOpen), at(to), [to, null]];
  });
}
