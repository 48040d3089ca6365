import { humanBytes, printQuantity } from '../core/values/units.ts';
import type { ChartOption, SeriesOption } from './echarts.ts';
import { colour, FONT } from './theme.ts';

const FONT_SIZE = 12;
/** About as many intervals as an axis gets. */
const INTERVALS = 5;

type XAxis = NonNullable<Exclude<ChartOption['xAxis'], readonly unknown[]>>;
/** For either side of a chart. */
export type Axis = XAxis extends infer One ? (One extends XAxis ? Omit<One, 'mainType'> : never) : never;

/** For every series: nothing moves, and nothing changes under a pointer (a colour by role has no brighter shade). */
export const quiet = { silent: true, animation: false, emphasis: { disabled: true } } as const;

/** What all charts have in common. A legend stands above the grid, the names of axes at their ends. */
export function baseOption(series: readonly SeriesOption[], width: number): ChartOption {
  const names = series.map(({ name }) => String(name));
  return {
    animation: false,
    textStyle: { color: colour('text'), fontFamily: FONT, fontSize: FONT_SIZE },
    legend: {
      // A line without symbols has none in the legend either.
      data: series.map((one) => ({
        name: String(one.name),
        ...('symbol' in one && one.symbol === 'none' ? { itemStyle: { opacity: 0 } } : {}),
      })),
      ...LEGEND,
      borderColor: 'transparent',
      top: 4,
      left: 0,
      right: 0,
      padding: 0,
      selectedMode: false,
      formatter: (name) => `${name}${LEGEND_SPACES}`,
      textStyle: { color: colour('text'), fontSize: FONT_SIZE },
      inactiveColor: colour('muted'),
    },
    grid: {
      left: 8,
      right: 16,
      top: legendRows(names, width) * LEGEND_ROW + 18,
      bottom: 28,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
  };
}

/** Generous: which font it will be isn't known. */
const CHARACTER_WIDTH = 7;
const LEGEND_ROW = 20;
const LEGEND = { itemWidth: 22, itemHeight: 10, itemGap: 8 } as const;
/** Between names, beyond the gap that goes for rows too: without a browser, widths of texts are but guessed. */
const LEGEND_SPACES = '\u00a0'.repeat(3);

/** In how many rows the names stand above a chart of this width. */
function legendRows(names: readonly string[], width: number): number {
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const needed = LEGEND.itemWidth + 5 + (name.length + LEGEND_SPACES.length) * CHARACTER_WIDTH + LEGEND.itemGap;
    if (used > 0 && used + needed > width) {
      rows += 1;
      used = 0;
    }
    used += needed;
  }
  return rows;
}

const line = (role: 'axis' | 'grid') => ({ show: true, lineStyle: { color: colour(role), width: 1 } });
const label = { color: colour('muted'), fontSize: FONT_SIZE, hideOverlap: true };
const name = { color: colour('muted'), fontSize: FONT_SIZE };

const plain = {
  axisLine: line('axis'),
  axisTick: line('axis'),
  splitLine: line('grid'),
  nameTextStyle: name,
};

/** From 0 to a round number at or above `most`, in steps of the same unit. */
export function bytesAxis(most: number, least = 0): Axis {
  const step = niceStep((most - Math.min(0, least)) / INTERVALS, 1024);
  const [max, min] = [Math.max(step, Math.ceil(most / step) * step), Math.floor(Math.min(0, least) / step) * step];
  const axisLabel = { ...label, formatter: shortBytes };
  return { type: 'value', ...plain, min, max, interval: step, axisLabel };
}

/** Noise of less than this share of a value is not blown up to the height of a chart. */
const LEAST_SPREAD = 0.05;

/** Between round numbers around two values: for what is small beside the whole. */
export function bytesAxisAround(least: number, most: number): Axis {
  const spread = Math.max(most - least, LEAST_SPREAD * most, 1);
  const middle = (least + most) / 2;
  const step = niceStep(spread / INTERVALS, 1024);
  const min = Math.max(0, Math.floor((middle - spread / 2) / step) * step);
  const max = Math.ceil((middle + spread / 2) / step) * step;
  return { type: 'value', ...plain, min, max, interval: step, axisLabel: { ...label, formatter: shortBytes } };
}

/** Numbers of connections along the bottom, up to exactly `most`. */
export function countAxis(title: string, most: number): Axis {
  const interval = niceStep(most / INTERVALS, 1000);
  return {
    type: 'value',
    ...plain,
    name: title,
    nameLocation: 'middle',
    nameGap: 26,
    min: 0,
    max: most,
    interval,
    minInterval: 1,
    splitLine: { show: false },
    axisLabel: { ...label, formatter: axisCount, showMaxLabel: most % interval === 0 },
  };
}

/** Numbers of things upwards, from 0 to a round one at or above `most`. */
export function countYAxis(most: number): Axis {
  const interval = niceStep(most / INTERVALS, 1000);
  const max = Math.max(interval, Math.ceil(most / interval) * interval);
  return { type: 'value', ...plain, min: 0, max, interval, axisLabel: { ...label, formatter: axisCount } };
}

/** Durations from 0 to a round one at or above `most`, which is some µs or many seconds. */
export function msAxis(most: number): Axis {
  const scale = 10 ** Math.floor(Math.log10(Math.max(most, 1e-3) / INTERVALS));
  const interval = niceStep(Math.max(most, 1e-3) / INTERVALS / scale, 1000) * scale;
  const max = Math.max(interval, Math.ceil(most / interval) * interval);
  return { type: 'value', ...plain, min: 0, max, interval, axisLabel: { ...label, formatter: shortMs } };
}

/** Seconds since the run began. */
export function timeAxis(mostMs: number, leastMs = 0): Axis {
  const interval = SECONDS_STEPS.find((step) => (mostMs - leastMs) / 1000 / step <= INTERVALS + 1) ?? 86_400;
  return {
    type: 'value',
    ...plain,
    min: Math.floor(leastMs / 1000 / interval) * interval * 1000,
    max: Math.max(1000, mostMs),
    interval: interval * 1000,
    splitLine: { show: false },
    axisLabel: { ...label, formatter: clock, showMaxLabel: false },
  };
}
const SECONDS_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800];

/** From one power of the base to another that hold all values between them. */
export function logAxis(formatter: (value: number) => string, least: number, most: number, base: 4 | 10 = 10): Axis {
  const exponentOf = (value: number): number => Math.log(value) / Math.log(base);
  // A little off, so that a power of the base is its own power and not the next one.
  const min = base ** Math.floor(exponentOf(least) + 1e-9);
  const max = base ** Math.max(Math.ceil(exponentOf(most) - 1e-9), Math.floor(exponentOf(least) + 1e-9) + 1);
  return { type: 'log', logBase: base, ...plain, min, max, axisLabel: { ...label, formatter } };
}

export const categoryAxis = (data: readonly string[]): Axis => ({
  type: 'category',
  ...plain,
  splitLine: { show: false },
  data: [...data],
  axisLabel: { ...label, color: colour('text') },
});

/** With room for names at the left: without a browser their widths are but guessed, and a narrow guess cuts them. */
export const withNames = (option: ChartOption, names: readonly string[]): ChartOption => ({
  ...option,
  grid: { ...option.grid, left: 8 + Math.max(0, ...names.map(({ length }) => length)) },
});

/** What is said beside the pointer. @param textAt of a place on the x-axis, or of a category by its index */
export const tooltip = (textAt: (at: number) => string): ChartOption => ({
  tooltip: {
    // Drawn as SVG like everything else: no HTML is made of any text.
    trigger: 'axis',
    renderMode: 'richText',
    confine: true,
    transitionDuration: 0,
    backgroundColor: colour('surface'),
    borderColor: colour('axis'),
    borderWidth: 1,
    textStyle: { color: colour('text'), fontFamily: FONT, fontSize: FONT_SIZE },
    axisPointer: { type: 'line', lineStyle: { color: colour('axis') }, animation: false, label: { show: false } },
    formatter: (params: unknown) => textAt(placeIn(params)),
  } as NonNullable<ChartOption['tooltip']>,
});

function placeIn(params: unknown): number {
  const [first] = (Array.isArray(params) ? params : [params]) as Array<{ dataIndex?: number; value?: unknown }>;
  const value: unknown = Array.isArray(first?.value) ? first.value[0] : undefined;
  return typeof value === 'number' ? value : (first?.dataIndex ?? 0);
}

/** The item that lies nearest to a place on the axis. */
export function nearest<T>(items: readonly T[], at: number, placeOf: (item: T) => number): T | undefined {
  const distance = (item: T): number => Math.abs(placeOf(item) - at);
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || distance(item) < distance(best) ? item : best),
    undefined,
  );
}

/** 1, 2 or 5 (and their tens and hundreds) of the largest unit that gives steps of at least `atLeast`. */
function niceStep(atLeast: number, unit: number): number {
  let factor = 1;
  while (atLeast / factor >= unit) factor *= unit;
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
  return (steps.find((step) => step * factor >= atLeast) ?? unit) * factor;
}

/** `64 MiB`, without the decimals that round steps don't need. */
export const shortBytes = (bytes: number): string => humanBytes(bytes).replace(/\.0 /, ' ');

/** 20000 → `20k`. */
export const shortCount = (value: number): string => printQuantity('count', Math.round(value));

/** 1500 → `1.5k`, among others in thousands: for round steps. */
const axisCount = (value: number): string =>
  value < 1000 ? String(value) : value < 1e6 ? `${value / 1000}k` : `${value / 1e6}M`;

/** 0.1 → `0.1 ms`; 10000 → `10 s`: for powers of ten. */
export const shortMs = (ms: number): string => (ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(2))} ms`);

/** 95,000 ms → `1:35`. */
export function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}
