import type { PhaseSpan, RunSeries, TimePoint } from '../core/schemas/series.ts';
import { humanBytes, humanCount } from '../core/values/units.ts';
import { baseOption, bytesAxis, clock, countAxis, countYAxis, nearest, quiet, timeAxis, tooltip } from './axes.ts';
import { type Chart, formatOrUnknown, type Hover } from './chart.ts';
import type { SeriesOption } from './echarts.ts';
import { colour } from './theme.ts';

/** Rows of a table that nobody would read more of. */
const MOST_ROWS = 40;
/** More shaded spans than this are a texture. */
const MOST_SPANS = 150;

/** The target's memory and its connections while the run goes on, with the times in which a level is held still. */
export function memoryOverTimeChart({ time, phases }: RunSeries, memory = 'user memory of the target'): Chart {
  const mostOpen = time.reduce((most, { open }) => Math.max(most, open), 1);
  const y = bytesAxis(time.reduce((most, { targetBytes }) => Math.max(most, targetBytes ?? 0), 1));
  const series: SeriesOption[] = [
    {
      ...quiet,
      type: 'line',
      name: memory,
      symbol: 'none',
      z: 3,
      data: gapped(time, ({ targetBytes }) => targetBytes),
      lineStyle: { color: colour('user'), width: 2 },
      itemStyle: { color: colour('user') },
      markArea: heldAreas(phases),
    },
    {
      ...quiet,
      type: 'line',
      name: 'open connections (right)',
      symbol: 'none',
      yAxisIndex: 1,
      z: 2,
      data: gapped(time, ({ open }) => open),
      lineStyle: { color: colour('connections'), width: 1.5, type: 'dashed' },
      itemStyle: { color: colour('connections') },
    },
  ];
  const textOf = ({ elapsedMs, open, targetBytes }: TimePoint): string =>
    `${clock(elapsedMs)}\n${memory}: ${formatOrUnknown(targetBytes, humanBytes)}\nopen: ${humanCount(open)}`;
  return {
    title: 'Memory over time',
    description: timeSentence(time, memory),
    hover: timeHover(time, textOf),
    option: (width) => ({
      ...baseOption(series, width),
      ...timeTooltip(time, textOf),
      xAxis: timeAxis(time.at(-1)?.elapsedMs ?? 0),
      yAxis: [y, { ...countYAxis(mostOpen), position: 'right', splitLine: { show: false } }],
      series,
    }),
    table: {
      head: ['time', memory, 'open', 'opening', 'failed', 'closed'],
      rows: sampled(time).map(({ elapsedMs, targetBytes, open, opening, failed, closed }) => [
        clock(elapsedMs),
        formatOrUnknown(targetBytes, humanBytes),
        ...[open, opening, failed, closed].map(humanCount),
      ]),
    },
  };
}

/** Memory against open connections, at each moment: no level is held, so it says less than levels do. */
export function growthChart(time: readonly TimePoint[]): Chart | undefined {
  const known = time.filter((point): point is TimePoint & { targetBytes: number } => point.targetBytes !== null);
  const last = known.at(-1);
  if (!last) return undefined;
  const mostOpen = known.reduce((most, { open }) => Math.max(most, open), 1);
  const series: SeriesOption[] = [
    {
      ...quiet,
      type: 'line',
      name: 'resident memory, moment by moment',
      symbol: 'circle',
      symbolSize: 4,
      showAllSymbol: true,
      data: known.map(({ open, targetBytes }) => [open, targetBytes]),
      lineStyle: { color: colour('user'), width: 1, opacity: 0.4 },
      itemStyle: { color: colour('user') },
    },
  ];
  const textAt = (open: number): string => {
    const one = nearest(known, open, (point) => point.open);
    return one ? `${humanCount(one.open)} open\n${humanBytes(one.targetBytes)}` : '';
  };
  return {
    title: 'Memory against connections',
    description: `${humanBytes(last.targetBytes)} with ${humanCount(last.open)} open now; the most were ${humanCount(mostOpen)}.`,
    hover: { places: sampled(known).map(({ open }) => open), textAt },
    option: (width) => ({
      ...baseOption(series, width),
      ...tooltip(textAt),
      xAxis: countAxis('open connections', mostOpen * 1.05),
      yAxis: bytesAxis(known.reduce((most, { targetBytes }) => Math.max(most, targetBytes), 1)),
      series,
    }),
    table: {
      head: ['open', 'resident memory'],
      rows: sampled(known).map(({ open, targetBytes }) => [humanCount(open), humanBytes(targetBytes)]),
    },
  };
}

/** How many attempts a second ended, by how they did. */
export function opensChart({ time }: RunSeries): Chart {
  const rates = ratesOf(time);
  const most = rates.reduce((best, { opened, failed }) => Math.max(best, opened, failed), 1);
  const line = (name: string, role: 'connections' | 'bad', type: 'solid' | 'dashed', pick: (rate: Rate) => number) => ({
    ...quiet,
    ...({ type: 'line', name, symbol: 'none', step: 'end' } as const),
    data: rates.map((rate) => [rate.elapsedMs, rate.isGap ? null : pick(rate)]),
    lineStyle: { color: colour(role), width: 2, type },
    itemStyle: { color: colour(role) },
  });
  const series: SeriesOption[] = [
    line('opened per second', 'connections', 'solid', ({ opened }) => opened),
    line('failed per second', 'bad', 'dashed', ({ failed }) => failed),
  ];
  const peak = rates.reduce((best, { opened }) => Math.max(best, opened), 0);
  const failed = rates.reduce((best, rate) => Math.max(best, rate.failed), 0);
  const textOf = (rate: Rate): string =>
    `${clock(rate.elapsedMs)}\nopened: ${humanCount(rate.opened)}/s\nfailed: ${humanCount(rate.failed)}/s`;
  return {
    title: 'Opened per second',
    description: `At most ${humanCount(peak)} connections were opened in a second, and at most ${humanCount(failed)} failed.`,
    hover: timeHover(rates, textOf),
    option: (width) => ({
      ...baseOption(series, width),
      ...timeTooltip(rates, textOf),
      xAxis: timeAxis(time.at(-1)?.elapsedMs ?? 0),
      yAxis: countYAxis(most),
      series,
    }),
    table: {
      head: ['time', 'opened per second', 'failed per second'],
      rows: sampled(rates).map((rate) => [clock(rate.elapsedMs), humanCount(rate.opened), humanCount(rate.failed)]),
    },
  };
}

interface Rate {
  readonly elapsedMs: number;
  readonly opened: number;
  readonly failed: number;
  /** Another leg begins here: nothing leads from one to the other. */
  readonly isGap: boolean;
}

function ratesOf(time: readonly TimePoint[]): Rate[] {
  return time.slice(1).map((point, i): Rate => {
    const before = time[i]!;
    const { elapsedMs } = point;
    const seconds = (elapsedMs - before.elapsedMs) / 1000;
    if (!sameLeg(before, point) || seconds <= 0) return { elapsedMs, opened: 0, failed: 0, isGap: true };
    const rate = (now: number, then: number): number => Math.max(0, (now - then) / seconds);
    return {
      elapsedMs,
      opened: rate(point.opened, before.opened),
      failed: rate(point.failed, before.failed),
      isGap: false,
    };
  });
}

const sameLeg = (one: TimePoint, other: TimePoint): boolean =>
  one.leg === other.leg && one.launch === other.launch && one.segment === other.segment;

/** One line, broken where another leg begins. */
function gapped(time: readonly TimePoint[], pick: (point: TimePoint) => number | null): Array<[number, number | null]> {
  return time.flatMap((point, i) => {
    const value: [number, number | null] = [point.elapsedMs, pick(point)];
    const before = time[i - 1];
    return before && !sameLeg(before, point) ? [[point.elapsedMs, null], value] : [value];
  });
}

function heldAreas(phases: readonly PhaseSpan[]): NonNullable<SeriesOption['markArea']> {
  const held = phases
    .filter(({ phase }) => ['talk', 'settle', 'hold', 'churn', 'soak'].includes(phase))
    .slice(-MOST_SPANS);
  const endMs = phases.at(-1)?.toMs ?? phases.at(-1)?.fromMs ?? 0;
  return {
    silent: true,
    animation: false,
    itemStyle: { color: colour('phase') },
    data: held.map(({ fromMs, toMs }) => [{ xAxis: fromMs }, { xAxis: toMs ?? endMs }]),
  };
}

const timeTooltip = <T extends { elapsedMs: number }>(items: readonly T[], textOf: (item: T) => string) =>
  tooltip(timeHover(items, textOf).textAt);

const timeHover = <T extends { elapsedMs: number }>(items: readonly T[], textOf: (item: T) => string): Hover => ({
  places: sampled(items).map(({ elapsedMs }) => elapsedMs),
  textAt: (elapsedMs) => {
    const item = nearest(items, elapsedMs, (one) => one.elapsedMs);
    return item ? textOf(item) : '';
  },
});

/** Evenly chosen rows, the last one always among them. */
export function sampled<T>(items: readonly T[]): T[] {
  const every = Math.max(1, Math.ceil(items.length / MOST_ROWS));
  return items.filter((_, i) => (items.length - 1 - i) % every === 0);
}

function timeSentence(time: readonly TimePoint[], memory: string): string {
  const last = time.at(-1);
  if (!last) return 'Nothing was recorded yet.';
  const peak = time.reduce<number | null>((most, { targetBytes }) => {
    return targetBytes === null ? most : Math.max(most ?? 0, targetBytes);
  }, null);
  return `After ${clock(last.elapsedMs)}: ${humanCount(last.open)} open, ${memory} ${formatOrUnknown(last.targetBytes, humanBytes)}, at most ${formatOrUnknown(peak, humanBytes)}.`;
}
