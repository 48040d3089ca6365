import type { Chart } from '../../charts/chart.ts';
import { type ComponentRow, componentBarsChart } from '../../charts/component-bars-chart.ts';
import { driftChart } from '../../charts/drift-chart.ts';
import { forecastChart } from '../../charts/forecast-chart.ts';
import { openingChart, rttChart } from '../../charts/latency-chart.ts';
import { componentLabel, ledgerChart } from '../../charts/ledger-chart.ts';
import { memoryChart } from '../../charts/memory-chart.ts';
import { outcomesChart } from '../../charts/outcomes-chart.ts';
import type { Size } from '../../charts/render.ts';
import { retainedChart } from '../../charts/retained-chart.ts';
import { stagesChart } from '../../charts/stages-chart.ts';
import { memoryOverTimeChart, opensChart } from '../../charts/time-charts.ts';
import { LEDGER_COMPONENTS } from '../../core/ledger/ledger.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RunSeries } from '../../core/schemas/series.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { type Drawings, drawingsOf } from '../html/figure.ts';
import { bothOf } from '../words/capacity-phrases.ts';
import { bytes, count, farCount, joined, type Part, percent, say } from '../words/phrase.ts';
import type { Topic } from '../words/table.ts';
import { tlsPairs } from '../words/tls-adds-phrases.ts';

const WIDTH = 640;
const SIZE: Size = { width: WIDTH, height: 330 };
/** Alone on the first screen it has all of the page's width. */
const LARGE: Size = { width: 1200, height: 400 };

/** A chart in its place, drawn. */
export interface ReportChart extends Drawings {
  /** `answer`: it is on the first screen. */
  readonly topic: Topic | 'answer';
  /** Its own in the report: letters and dashes. */
  readonly id: string;
  /** Beside report.md. */
  readonly file: string;
  readonly title: string;
  readonly size: Size;
  readonly caption: Part;
}

/** Every chart of the report for which there is something to be drawn, in order. */
export function reportCharts({ legs, ...summary }: Summary, series: RunSeries): ReportChart[] {
  const found: ReportChart[] = [];
  const add = (
    topic: ReportChart['topic'],
    id: string,
    chart: Chart | undefined,
    more: { caption?: Part; size?: Size } = {},
  ): void => {
    if (!chart) return;
    const { caption = chart.description, size = SIZE } = more;
    found.push({
      topic,
      id,
      file: `charts/${id}.svg`,
      title: chart.title,
      ...drawingsOf(chart, size, id),
      size,
      caption,
    });
  };
  const each = (draw: (leg: LegSummary, index: number) => void): void => legs.forEach(draw);
  const size = legs.length === 1 ? LARGE : SIZE;
  each((leg) => leg.levels.length > 0 && add('answer', `memory-${leg.name}`, memoryChart(leg), { size }));
  add('cost', 'ledger', ledgerChart(legs), { size: { width: WIDTH, height: 150 + 60 * legs.length } });
  for (const { bare, secured } of tlsPairs({ legs, ...summary })) {
    const rows = partRows(bare, secured);
    if (rows.length === 0) continue;
    const title = `What TLS adds: ${secured.name} beside ${bare.name}, part by part`;
    const height = 110 + 42 * rows.length;
    const chart = componentBarsChart(title, [bare.name, secured.name], rows);
    add('cost', `tls-adds-${secured.name}`, chart, { size: { width: WIDTH, height } });
  }
  each((leg) =>
    add('capacity', `forecast-${leg.name}`, forecastChart(leg, { legs, ...summary }), {
      caption: forecastCaption(leg, summary.capacity),
    }),
  );
  if (series.time.length > 1) {
    add('time', 'memory-over-time', memoryOverTimeChart(series), { caption: timeCaption(legs) });
    add('time', 'opened-per-second', opensChart(series), { caption: opensCaption(legs) });
  }
  for (const drift of series.drifts ?? []) add('time', `drift-${drift.name}`, driftChart(drift));
  const bars = legs.flatMap(({ outcomes }) => Object.values(outcomes).filter((attempts) => attempts > 0));
  add('time', 'outcomes', outcomesChart(legs), { size: { width: WIDTH, height: 90 + 42 * bars.length } });
  each((leg, i) => {
    const own = series.legs[i];
    if (own) add('time', `retained-${leg.name}`, retainedChart(own, leg.retained));
  });
  each((leg, i) => {
    const own = series.legs[i];
    if (own) add('latency', `opening-${leg.name}`, openingChart(own));
  });
  add('latency', 'stages', stagesChart(legs), { size: { width: WIDTH, height: 110 + 60 * legs.length } });
  each((leg) => add('latency', `round-trips-${leg.name}`, rttChart(leg)));
  return found;
}

/** None where either leg has no cost. */
function partRows(...pair: readonly [plain: LegSummary, secured: LegSummary]): ComponentRow[] {
  if (pair.some(({ perConnection }) => perConnection === null)) return [];
  return LEDGER_COMPONENTS.filter((name) => name !== 'unexplained').flatMap((name): ComponentRow[] => {
    const values = pair.map(({ perConnection }) => {
      const bytes = perConnection!.components[name] ?? null;
      return bytes === null ? null : { bytes, interval: perConnection!.componentEstimates[name] ?? null };
    });
    const isThere = values.some((value) => value !== null && Math.abs(value.bytes) >= 1);
    return isThere ? [{ label: componentLabel(name), values }] : [];
  });
}

function forecastCaption(leg: LegSummary, capacity: Summary['capacity']): Part {
  const axes = 'Both axes go in powers, since plans go far beyond what was measured.';
  const own = capacity.find((one) => one.leg === leg.name);
  if (!own) return axes;
  const { memoryLimitBytes, headroomPercent } = own;
  const top = leg.levels.at(-1)?.open ?? 1;
  const hold = leg.burst === null ? farCount(own.connections, top) : bothOf(own, top);
  return say`${axes} ${bytes(memoryLimitBytes)} with ${percent(headroomPercent)} kept free hold ${hold}.`;
}

function opensCaption(legs: readonly LegSummary[]): Part {
  const rates = legs.flatMap(({ name, open: { ratePerSecond } }) =>
    ratePerSecond === null ? [] : [say`${count(ratePerSecond)} (${name})`],
  );
  const mean = rates.length === 0 ? '' : say` While climbing, ${joined(rates, ' and ')} opened in a second.`;
  const burst = legs.some((leg) => leg.burst !== null) ? ', the burst at the end of each leg included' : '';
  return say`How many attempts a second ended, moment by moment${burst}.${mean}`;
}

function timeCaption(legs: readonly LegSummary[]): Part {
  const peaks = legs.flatMap(({ name, peakUserBytes }) =>
    peakUserBytes === null ? [] : [say`${bytes(peakUserBytes)} (${name})`],
  );
  const most = peaks.length === 0 ? '' : say` At most ${joined(peaks, ' and ')}.`;
  return say`User memory as it was at each moment, garbage included, and connections. Levels are held still where it is shaded.${most}`;
}
