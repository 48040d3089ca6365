import type { LegSummary } from '../core/schemas/leg-summary.ts';
import type { Summary } from '../core/schemas/summary.ts';
import { lineAt, predictAt } from '../core/stats/predict.ts';
import { aboutCount, FAR_TIMES, humanBytes, humanCells, humanCount } from '../core/values/units.ts';
import { baseOption, logAxis, nearest, quiet, shortBytes, shortCount, tooltip } from './axes.ts';
import { bandSeries } from './band.ts';
import { type Chart, NO_VALUE } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';

const SAMPLES = 40;

const NAMES = { measured: 'measured', line: 'forecast', band: '95 % of predictions', points: 'planned for' } as const;

/**
 * What more connections would take, with the interval of prediction, against the memory there is. Both axes count in
 * powers of ten, since plans go far beyond what was measured. Undefined where no forecast is made.
 */
export function forecastChart(leg: LegSummary, { forecast, capacity }: Summary): Chart | undefined {
  const own = forecast.filter((one) => one.leg === leg.name);
  const room = capacity.find((one) => one.leg === leg.name);
  const lines = leg.fit?.lines ?? [];
  const [first, top] = [leg.levels[0]?.open, leg.levels.at(-1)?.open];
  const last = Math.max(...own.map(({ connections }) => connections), room?.connections ?? 0);
  if (lines.length === 0 || first === undefined || top === undefined || own.length === 0) return undefined;
  const [from, to] = [10 ** Math.floor(Math.log10(first)), 10 ** Math.ceil(Math.log10(last))];
  const measured = leg.levels.flatMap(({ open, bytes }) =>
    bytes.total === null ? [] : [{ open, bytes: bytes.total }],
  );
  const bytesAt = (open: number): number => Math.max(1, predictAt(lineAt(lines, open), open).bytes);
  const places = Array.from({ length: SAMPLES + 1 }, (_, i) => from * (to / from) ** (i / SAMPLES));
  const most = Math.max(bytesAt(to), room?.memoryLimitBytes ?? 0);
  const least = Math.max(1024, Math.min(...measured.map(({ bytes }) => bytes), bytesAt(from)));
  const series: SeriesOption[] = [
    bandSeries(NAMES.band, lines, from, to, SAMPLES, 'factors'),
    {
      ...quiet,
      type: 'line',
      name: NAMES.line,
      symbol: 'none',
      data: places.map((open) => [open, bytesAt(open)]),
      lineStyle: { color: colour('forecast'), width: 2, type: 'dashed' },
      itemStyle: { color: colour('forecast') },
      ...(room ? { markLine: limitMark(room) } : {}),
    },
    {
      ...quiet,
      type: 'scatter',
      name: NAMES.measured,
      symbolSize: 8,
      z: 3,
      data: measured.map(({ open, bytes }) => [open, bytes]),
      itemStyle: { color: colour('total') },
      markArea: measuredArea(from, top),
    },
    {
      ...quiet,
      type: 'scatter',
      name: NAMES.points,
      symbol: 'diamond',
      symbolSize: 12,
      z: 3,
      data: own.map(({ connections, bytes }) => [connections, bytes]),
      itemStyle: { color: colour('forecast') },
      label: {
        show: true,
        position: 'left',
        distance: 8,
        color: colour('text'),
        formatter: ({ dataIndex }) => timesOf(own[dataIndex]!),
      },
    },
  ];
  const textAt = (open: number): string => {
    const one = nearest(own, open, ({ connections }) => connections);
    return one ? `${humanCount(one.connections)} connections, ${timesOf(one)} the top level\n${intervalOf(one)}` : '';
  };
  return {
    title: `${leg.name}: what more connections would take`,
    description: forecastSentence(own, room),
    hover: { places: own.map(({ connections }) => connections), textAt },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textAt),
      xAxis: { ...logAxis(shortCount, from, to), name: 'connections', nameLocation: 'middle', nameGap: 26 },
      yAxis: logAxis(shortBytes, least, most, 4),
      series,
    }),
    table: {
      head: ['connections', 'memory', '95 % of predictions', 'times what was measured'],
      rows: own.map((one) => [
        humanCount(one.connections),
        humanBytes(one.bytes),
        humanCells(one.bytes, one.low, one.high).slice(1).join(' to '),
        `${one.extrapolation.toFixed(1)}${one.beyond ? ', a guess' : ''}`,
      ]),
    },
  };
}

type Forecast = Summary['forecast'][number];
type Room = Summary['capacity'][number];

function intervalOf({ bytes, low, high }: Forecast): string {
  const [middle, least, most] = humanCells(bytes, low, high);
  return `${middle}, ${least} to ${most}`;
}

/** `333 ×`: how far it lies beyond what was measured. */
const timesOf = ({ extrapolation }: Forecast): string => `${extrapolation.toFixed(extrapolation < 10 ? 1 : 0)} ×`;

/** What was measured; all else is what follows from it. */
const measuredArea = (from: number, top: number): NonNullable<SeriesOption['markArea']> => ({
  silent: true,
  animation: false,
  itemStyle: { color: colour('phase') },
  label: { color: colour('muted'), position: 'insideBottom', formatter: `measured, up to ${shortCount(top)}` },
  data: [[{ xAxis: from }, { xAxis: top }]],
});

/** The memory there is, less what is to stay free, and how many connections that holds. */
function limitMark(room: Room): NonNullable<SeriesOption['markLine']> {
  const { memoryLimitBytes, headroomPercent, connections } = room;
  const budget = memoryLimitBytes * (1 - headroomPercent / 100);
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    lineStyle: { color: colour('bad'), width: 1.5, type: 'solid' },
    label: { color: colour('text'), position: 'insideStartTop' },
    data: [
      { yAxis: budget, label: { formatter: `${humanBytes(budget)}, the limit less ${headroomPercent} %` } },
      ...(connections > 0
        ? [{ xAxis: connections, label: { formatter: heldText(room), position: 'end' as const } }]
        : []),
    ],
  };
}

/** What lies far beyond the levels is known to two digits at most. */
const heldText = ({ connections, extrapolation }: Room): string =>
  extrapolation > FAR_TIMES ? aboutCount(connections) : humanCount(connections);

function forecastSentence(own: readonly Forecast[], room: Room | undefined): string {
  const ahead = own
    .map((one) => `${humanCount(one.connections)}, ${timesOf(one)} what was measured, would take ${intervalOf(one)}`)
    .join('; ');
  const fits = room
    ? ` ${humanBytes(room.memoryLimitBytes)} with ${room.headroomPercent} % kept free hold ${heldText(room)}${room.sizedBy === 'burst' ? ' while everybody reconnects' : ''}.`
    : '';
  return `${ahead === '' ? NO_VALUE : ahead}.${fits}`;
}
