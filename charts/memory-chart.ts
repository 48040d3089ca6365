import type { LegSummary } from '../core/schemas/leg-summary.ts';
import { type Line, lineAt, predictAt } from '../core/stats/predict.ts';
import { knownCost } from '../core/values/known-cost.ts';
import { humanBetween, humanBytes, humanCount } from '../core/values/units.ts';
import { baseOption, bytesAxis, countAxis, nearest, quiet, shortCount, tooltip } from './axes.ts';
import { bandSeries } from './band.ts';
import { type Chart, formatOrUnknown } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';

/** How far beyond the top of the plan the line is drawn, so that what it says of more can be seen. */
const BEYOND_TOP = 1.15;
/** An interval from three levels may be wider than the chart is high: the axis makes room up to so many times the line. */
const MOST_ABOVE_LINE = 1.5;
const SAMPLES = 24;

const NAMES = {
  total: 'user and kernel',
  user: 'user space',
  kernel: 'kernel, growth',
  line: 'fitted line',
  forecast: 'beyond the top level',
  band: '95 % of predictions',
  holdout: 'top level by the others',
} as const;

/**
 * Memory against connections: what was measured at each level, the line through it with its interval of prediction, and
 * where the other levels would have put the top one.
 */
export function memoryChart(leg: LegSummary): Chart {
  const { levels, fit } = leg;
  const top = levels.at(-1)?.open ?? leg.planned;
  const end = Math.max(1, leg.planned, top) * BEYOND_TOP;
  const lines = fit?.lines ?? [];
  const parts = (['total', 'user', 'kernel'] as const).filter((part) =>
    levels.some(({ bytes }) => bytes[part] !== null),
  );
  const predicted = holdoutOf(leg);
  const measured = levels.flatMap(({ bytes }) => parts.map((part) => bytes[part] ?? 0));
  const atEnd = lines.length > 0 ? predictAt(lineAt(lines, end), end) : { bytes: 0, high: 0 };
  const bounds = [Math.min(atEnd.high, atEnd.bytes * MOST_ABOVE_LINE), predicted ?? 0];
  const series: SeriesOption[] = [
    ...(lines.length > 0 ? fittedSeries(lines, top, end) : []),
    ...parts.map((part) => measuredSeries(part, leg)),
    ...(predicted === null ? [] : [holdoutSeries(top, predicted)]),
  ];
  return {
    title: `${leg.name}: memory against connections`,
    description: memorySentence(leg),
    hover: { places: levels.map(({ open }) => open), textAt: (open) => tooltipText(leg, open) },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip((open) => tooltipText(leg, open)),
      xAxis: countAxis('open connections', end),
      yAxis: bytesAxis(Math.max(1, ...measured, ...bounds)),
      series,
    }),
    table: {
      head: ['open', NAMES.total, NAMES.user, NAMES.kernel, NAMES.line],
      rows: levels.map(({ open, bytes }) => [
        humanCount(open),
        ...[bytes.total, bytes.user, bytes.kernel].map((value) => formatOrUnknown(value, humanBytes)),
        lines.length > 0 ? humanBytes(predictAt(lineAt(lines, open), open).bytes) : formatOrUnknown(null, humanBytes),
      ]),
    },
  };
}

/** What the others would have said of the top level; null where that isn't known. */
function holdoutOf({ levels, fit }: LegSummary): number | null {
  const bytes = levels.at(-1)?.bytes;
  const measured = bytes?.total ?? bytes?.user ?? bytes?.kernel ?? null;
  if (measured === null || !fit || fit.holdoutErrorPercent === null) return null;
  return measured * (1 + fit.holdoutErrorPercent / 100);
}

/** Each line from where it begins to where the next does: solid where it was measured, dashed beyond. */
function fittedSeries(lines: readonly Line[], top: number, end: number): SeriesOption[] {
  const bytesAt = (line: Line, open: number): [number, number] => [open, predictAt(line, open).bytes];
  // A gap between two lines (a step) is a point without a value.
  const measured = lines.flatMap((line, i): Array<[number, number | null]> => {
    const from = line.fromOpen;
    const to = Math.min(top, (lines[i + 1]?.fromOpen ?? top + 1) - 1);
    return to < from ? [] : [bytesAt(line, from), bytesAt(line, to), [to, null]];
  });
  const last = lineAt(lines, end);
  const stroke = (type: 'solid' | 'dashed') => ({ color: colour('forecast'), width: 2, type });
  const common = { ...quiet, type: 'line', symbol: 'none', itemStyle: { color: colour('forecast') } } as const;
  return [
    bandSeries(NAMES.band, lines, 0, end, SAMPLES),
    { ...common, name: NAMES.line, data: measured, lineStyle: stroke('solid'), ...placeMark(lines) },
    { ...common, name: NAMES.forecast, data: [bytesAt(last, top), bytesAt(last, end)], lineStyle: stroke('dashed') },
  ];
}

/** Where another line begins, an upright one says so: a step where only the height is another, else a knee. */
function placeMark(lines: readonly Line[]): Pick<SeriesOption, 'markLine'> {
  const places = lines.slice(1).map(({ fromOpen, bytesPerConnection }, i) => {
    const what = bytesPerConnection === lines[i]!.bytesPerConnection ? 'step' : 'knee';
    return { xAxis: fromOpen, label: { formatter: `${what} at ${shortCount(fromOpen)}` } };
  });
  if (places.length === 0) return {};
  return {
    markLine: {
      silent: true,
      symbol: 'none',
      animation: false,
      lineStyle: { color: colour('muted'), type: 'dotted', width: 1.5 },
      label: { color: colour('text'), position: 'end' },
      data: places,
    },
  };
}

const LOOKS = {
  total: { symbol: 'circle', symbolSize: 9, width: 0 },
  user: { symbol: 'triangle', symbolSize: 8, width: 1.5 },
  kernel: { symbol: 'rect', symbolSize: 7, width: 1.5 },
} as const;

function measuredSeries(part: keyof typeof LOOKS, { levels }: LegSummary): SeriesOption {
  const { symbol, symbolSize, width } = LOOKS[part];
  return {
    ...quiet,
    type: 'line',
    name: NAMES[part],
    data: levels.map(({ open, bytes }) => [open, bytes[part]]),
    symbol,
    symbolSize,
    showAllSymbol: true,
    z: 3,
    lineStyle: { color: colour(part), width, type: 'dotted' },
    itemStyle: { color: colour(part) },
  };
}

const holdoutSeries = (top: number, bytes: number): SeriesOption => ({
  ...quiet,
  type: 'scatter',
  name: NAMES.holdout,
  data: [[top, bytes]],
  symbol: 'diamond',
  symbolSize: 16,
  z: 4,
  itemStyle: { color: 'transparent', borderColor: colour('bad'), borderWidth: 2 },
});

function memorySentence(leg: LegSummary): string {
  const { name, levels, fit, inconclusive } = leg;
  if (levels.length === 0) return `No level of ${name} was measured yet.`;
  const cost = knownCost(leg);
  const measured = `${levels.length} level${levels.length === 1 ? '' : 's'} of ${name}, up to ${humanCount(levels.at(-1)!.open)} connections.`;
  if (inconclusive) return `${measured} No line through them tells a cost.`;
  if (!cost) return `${measured} A line takes at least three.`;
  const shape = fit?.knee ? ' above a knee' : fit?.step ? ' beyond a step' : '';
  return `${measured} One more costs${shape} ${humanBetween(cost.bytes, cost.low, cost.high)}.`;
}

function tooltipText({ levels }: LegSummary, at: number): string {
  const level = nearest(levels, at, ({ open }) => open);
  if (!level) return '';
  const { total, user, kernel } = level.bytes;
  return [
    `${humanCount(level.open)} open`,
    `${NAMES.total}: ${formatOrUnknown(total, humanBytes)}`,
    `${NAMES.user}: ${formatOrUnknown(user, humanBytes)}`,
    `${NAMES.kernel}: ${formatOrUnknown(kernel, humanBytes)}`,
  ].join('\n');
}
