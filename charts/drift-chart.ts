import type { DriftSeries } from '../core/schemas/series.ts';
import { humanBetween, humanBytes, humanCount } from '../core/values/units.ts';
import { baseOption, bytesAxisAround, clock, nearest, quiet, timeAxis, tooltip } from './axes.ts';
import type { Chart } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';
import { sampled } from './time-charts.ts';

const HOUR_MS = 3_600_000;
/** Two readings are a line whatever they are. */
const LEAST_POINTS = 3;

type Place = readonly [elapsedMs: number, bytes: number | null];

/** Memory of a level that goes on, with the line that says what it grows by. Where it was interrupted there is a gap. */
export function driftChart({ name, phase, level, perHour, segments }: DriftSeries): Chart | undefined {
  const points = segments.flat();
  if (points.length < LEAST_POINTS) return undefined;
  const lines = perHour === null ? [] : segments.filter(({ length }) => length > 1).map((own) => lineOf(own, perHour));
  const series: SeriesOption[] = [
    {
      ...quiet,
      type: 'line',
      name: 'user memory of the target',
      symbol: 'circle',
      symbolSize: 4,
      showAllSymbol: true,
      z: 3,
      data: gapped(segments.map((own) => own.map(({ elapsedMs, bytes }): Place => [elapsedMs, bytes]))),
      lineStyle: { color: colour('user'), width: 1, opacity: 0.5 },
      itemStyle: { color: colour('user') },
    },
    ...(lines.length > 0 ? [lineSeries(lines), bandSeries(lines)] : []),
  ];
  const textAt = (at: number): string => {
    const one = nearest(points, at, ({ elapsedMs }) => elapsedMs);
    return one ? `${clock(one.elapsedMs)}\n${humanBytes(one.bytes)}` : '';
  };
  const edges = [
    ...points.map(({ bytes }) => bytes),
    ...lines.flatMap(({ outline }) => outline.map(([, bytes]) => bytes)),
  ];
  const shown = sampled(points);
  return {
    title: `${name}: memory while ${humanCount(level)} stay open${phase === 'churn' ? ' and are replaced' : ''}`,
    description: sentenceOf(perHour, segments.length),
    hover: { places: shown.map(({ elapsedMs }) => elapsedMs), textAt },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textAt),
      xAxis: timeAxis(points.at(-1)!.elapsedMs, points[0]!.elapsedMs),
      yAxis: bytesAxisAround(Math.min(...edges), Math.max(...edges)),
      series,
    }),
    table: { head: ['time', 'user memory'], rows: shown.map((one) => [clock(one.elapsedMs), humanBytes(one.bytes)]) },
  };
}

type Points = DriftSeries['segments'][number];
type Slope = NonNullable<DriftSeries['perHour']>;

interface DriftLine {
  readonly ends: readonly Place[];
  /** What its interval has room for. */
  readonly outline: ReadonlyArray<readonly [elapsedMs: number, bytes: number]>;
}

/** Through the middle of a segment, which has a level of its own; the slope is that of all of them. */
function lineOf(own: Points, { bytes, low, high }: Slope): DriftLine {
  const meanOf = (pick: (point: Points[number]) => number): number =>
    own.reduce((sum, point) => sum + pick(point), 0) / own.length;
  const [middleMs, middle] = [meanOf(({ elapsedMs }) => elapsedMs), meanOf((point) => point.bytes)];
  const [from, to] = [own[0]!.elapsedMs, own.at(-1)!.elapsedMs];
  const at = (slope: number, elapsedMs: number): readonly [number, number] => [
    elapsedMs,
    Math.max(0, middle + (slope * (elapsedMs - middleMs)) / HOUR_MS),
  ];
  return {
    ends: [at(bytes, from), at(bytes, to)],
    outline: [at(low, from), [middleMs, middle], at(low, to), at(high, to), [middleMs, middle], at(high, from)],
  };
}

const lineSeries = (lines: readonly DriftLine[]): SeriesOption => ({
  ...quiet,
  type: 'line',
  name: 'what it grows by',
  symbol: 'none',
  z: 4,
  data: gapped(lines.map(({ ends }) => ends)),
  lineStyle: { color: colour('total'), width: 2 },
  itemStyle: { color: colour('total') },
});

const bandSeries = (lines: readonly DriftLine[]): SeriesOption => ({
  silent: true,
  animation: false,
  type: 'custom',
  name: '95 % interval',
  data: lines.map(({ outline }) => [...outline[0]!]),
  clip: true,
  z: 0,
  encode: { x: 0, y: [] },
  itemStyle: { color: colour('band') },
  renderItem: ({ dataIndex }, api) => ({
    type: 'polygon',
    shape: { points: (lines[dataIndex]?.outline ?? []).map((place) => api.coord([...place])) },
    style: { fill: colour('band'), opacity: 0.6 },
  }),
});

/** One line, which breaks off between two of them. */
const gapped = (parts: ReadonlyArray<readonly Place[]>): Array<[number, number | null]> =>
  parts.flatMap((part, i) => {
    const places = part.map(([at, bytes]): [number, number | null] => [at, bytes]);
    return i === 0 || places.length === 0 ? places : [[places[0]![0], null], ...places];
  });

const OFF_ZERO = ' The axis of memory does not begin at 0.';

function sentenceOf(perHour: DriftSeries['perHour'], segments: number): string {
  const broken = `${OFF_ZERO}${segments > 1 ? ` It was interrupted, and has ${segments} segments, each with a level of its own.` : ''}`;
  if (perHour === null) return `Too few readings for a trend.${broken}`;
  const { bytes, low, high } = perHour;
  const shows = low > 0 ? 'memory grows' : high < 0 ? 'memory shrinks' : 'no growth is shown';
  return `In an hour ${humanBetween(bytes, low, high)}: ${shows}.${broken}`;
}
