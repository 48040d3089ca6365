import type { LegSummary } from '../core/schemas/leg-summary.ts';
import type { LegSeries } from '../core/schemas/series.ts';
import { humanCount, humanMs } from '../core/values/units.ts';
import { baseOption, countAxis, logAxis, nearest, quiet, shortMs, tooltip } from './axes.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour, type Role } from './theme.ts';

/** Times of one level, in ms; null where there was nothing to time. */
interface LevelTimes {
  readonly level: number;
  readonly times: ReadonlyArray<number | null>;
}

interface Kind {
  readonly title: string;
  readonly what: string;
  readonly role: Role;
  /** The times' own, in order. */
  readonly names: readonly [string, string, string];
}

const OPENING: Kind = {
  title: 'time to open, by level',
  what: 'opening',
  role: 'connections',
  names: ['p50', 'p99', 'slowest'],
};
const ROUND_TRIPS: Kind = {
  title: 'round trips, by level',
  what: 'a round trip',
  role: 'user',
  names: ['p50', 'p99', 'p99.9'],
};

/** How long it took to open connections between each level and the one below, from the planned moment. */
export function openingChart({ name, opening }: LegSeries): Chart | undefined {
  const levels = opening
    .filter(({ opened }) => opened > 0)
    .map(({ level, p50Ms, p99Ms, maxMs }) => ({ level, times: [p50Ms, p99Ms, maxMs] }));
  return levels.length === 0 ? undefined : latencyChart(name, OPENING, levels);
}

/** Round trips at each level, from the planned moment; undefined where nothing is exchanged. */
export function rttChart({ name, levels }: LegSummary): Chart | undefined {
  const timed = levels.flatMap(({ open, rtt }) =>
    rtt === null ? [] : [{ level: open, times: [rtt.p50Ms, rtt.p99Ms, rtt.p999Ms] }],
  );
  return timed.length === 0 ? undefined : latencyChart(name, ROUND_TRIPS, timed);
}

const SYMBOLS = ['circle', 'triangle', 'diamond'] as const;
const DASHES = ['solid', 'dashed', 'dotted'] as const;

function latencyChart(leg: string, { title, what, role, names }: Kind, levels: readonly LevelTimes[]): Chart {
  const all = levels.flatMap(({ times }) => times.filter((ms): ms is number => ms !== null && ms > 0));
  const [least, most] = [Math.min(...all, 1), Math.max(...all, 1)];
  const series = names.map(
    (name, i): SeriesOption => ({
      ...quiet,
      type: 'line',
      name,
      symbol: SYMBOLS[i] ?? 'circle',
      symbolSize: 7,
      showAllSymbol: true,
      // A logarithmic axis has no 0.
      data: levels.map(({ level, times }) => [level, times[i] ? times[i] : null]),
      lineStyle: { color: colour(role), width: 1.5, type: DASHES[i] ?? 'solid' },
      itemStyle: { color: colour(role) },
    }),
  );
  const textOf = ({ level, times }: LevelTimes): string =>
    [`up to ${humanCount(level)}`, ...names.map((name, i) => `${name}: ${formatOrUnknown(times[i], humanMs)}`)].join(
      '\n',
    );
  const textAt = (at: number): string => {
    const one = nearest(levels, at, ({ level }) => level);
    return one ? textOf(one) : '';
  };
  const last = levels.at(-1);
  return {
    title: `${leg}: ${title}`,
    description: last
      ? `Up to ${humanCount(last.level)} connections ${what} took ${names.map((name, i) => `${name} ${formatOrUnknown(last.times[i], humanMs)}`).join(', ')}.`
      : '',
    hover: { places: levels.map(({ level }) => level), textAt },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textAt),
      xAxis: countAxis('open connections', Math.max(1, ...levels.map(({ level }) => level)) * 1.05),
      yAxis: logAxis(shortMs, least, most),
      series,
    }),
    table: {
      head: ['level', ...names],
      rows: levels.map(({ level, times }) => [humanCount(level), ...times.map((ms) => formatOrUnknown(ms, humanMs))]),
    },
  };
}
