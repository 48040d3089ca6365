import type { Chart } from '../../charts/chart.ts';
import { costBarsChart } from '../../charts/cost-bars-chart.ts';
import type { Size } from '../../charts/render.ts';
import { timesChart } from '../../charts/times-chart.ts';
import type { SchemeName } from '../../core/protocols/schemes.ts';
import type { RuntimeResult, RuntimesResult } from '../../core/schemas/runtimes.ts';
import { type Drawings, drawingsOf } from '../html/figure.ts';
import type { Part } from '../words/phrase.ts';
import { byCost, KIND_WORDS, schemeOf, schemesIn, TIMED } from './order.ts';

/** A chart of the comparison, drawn once for page and file. */
export interface DrawnChart extends Drawings {
  readonly scheme: SchemeName;
  readonly id: string;
  /** In the folder of the comparison. */
  readonly file: string;
  readonly title: string;
  readonly caption: Part;
}

export const CHART_SIZE: Size = { width: 620, height: 320 };

/** The chart's own sentence says every number, as the table below it does. */
const COST_CAPTION = 'The line across the end of a bar is the 95 % interval of the whole.';

/** For each scheme what a connection costs, and how fast answers came where more than one level was timed. */
export const runtimesCharts = (result: RuntimesResult): DrawnChart[] =>
  schemesIn(result).flatMap((scheme) => {
    const own = result.results.filter((one) => schemeOf(one) === scheme);
    return [...costCharts(scheme, own), ...timesCharts(scheme, own)];
  });

function costCharts(scheme: SchemeName, results: readonly RuntimeResult[]): DrawnChart[] {
  const bars = byCost(results).flatMap(({ target, memory }) =>
    memory ? [{ label: target, user: memory.user, kernel: memory.kernel, total: memory.total }] : [],
  );
  if (bars.length === 0) return [];
  return [drawn(scheme, 'cost', costBarsChart(`${scheme}: one more connection`, bars), COST_CAPTION)];
}

const timesCharts = (scheme: SchemeName, results: readonly RuntimeResult[]): DrawnChart[] =>
  TIMED.flatMap((kind) => {
    const timed = results.filter((one) => one[kind].length > 1);
    if (timed.length === 0) return [];
    return (['p50Ms', 'p99Ms'] as const).map((which) => {
      const lines = timed.map((one) => ({
        label: one.target,
        points: one[kind].map((times) => ({ open: times.open, ms: times[which] })),
      }));
      const title = `${scheme}: ${which.slice(0, 3)} of answers, ${KIND_WORDS[kind]}`;
      return drawn(scheme, `${kind}-${which}`, timesChart(title, lines));
    });
  });

function drawn(scheme: SchemeName, name: string, chart: Chart, caption: Part = chart.description): DrawnChart {
  const id = `${scheme}-${name}`;
  return { scheme, id, file: `charts/${id}.svg`, title: chart.title, ...drawingsOf(chart, CHART_SIZE, id), caption };
}
