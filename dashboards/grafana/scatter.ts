/** Charts of memory on connections: dots for readings at levels, a line for what is drawn through them. */

import { VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import type { DataTransformerConfig, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import {
  PointShape,
  SeriesMapping,
  XYSeriesConfigBuilder,
  XYShowMode,
  PanelBuilder as XyChart,
} from '@grafana/grafana-foundation-sdk/xychart';
import { type Content, dressed, refIdOf, targetOf } from './panels.ts';
import type { Query } from './query.ts';

/** Series that have their x in common, each with a legend without labels in it. */
export interface Cloud {
  readonly x: Query;
  readonly dots: readonly Query[];
  readonly lines: readonly Query[];
}

type Place = Omit<Content, 'queries'>;

/** Steps on the way to a point: few are missed, since a point is looked for in the whole step. */
const STEPS = 1000;

/** Each cloud is joined by time into a frame of its own; columns are then found by their legends. */
export function scatter(place: Place, clouds: readonly Cloud[]): XyChart {
  const queries = clouds.flatMap(queriesOf);
  const chart = dressed(new XyChart(), { ...place, queries })
    .maxDataPoints(STEPS)
    .mapping(SeriesMapping.Manual)
    .legend(new VizLegendOptionsBuilder().showLegend(true))
    .pointShape(PointShape.Circle)
    .axisSoftMin(0)
    .series(clouds.flatMap(({ x, dots, lines }) => [...dots, ...lines].map((y) => series(nameOf(x), nameOf(y)))))
    .transformations(
      clouds.map((cloud, i) => joinOf(queriesOf(cloud).length, clouds.slice(0, i).flatMap(queriesOf).length)),
    );
  for (const { x } of clouds) chart.overrideByName(nameOf(x), X_AXIS);
  for (const { lines } of clouds) for (const line of lines) chart.overrideByName(nameOf(line), AS_LINE);
  return chart;
}

/** One cloud for each value of a label, such as `run`: rows are brought together by labels, and parted by that one. */
export function scatterBy(place: Place, label: string, { x, y }: { readonly x: Query; readonly y: Query }): XyChart {
  const chart = dressed(new XyChart(), { ...place, queries: [] })
    .maxDataPoints(STEPS)
    .mapping(SeriesMapping.Auto)
    .legend(new VizLegendOptionsBuilder().showLegend(true))
    .pointShape(PointShape.Circle)
    .axisSoftMin(0)
    .transformations([
      { id: 'merge', options: {} },
      { id: 'partitionByValues', options: { fields: [label], keepFields: false, naming: { asLabels: true } } },
    ])
    .overrideByName('Value #A', X_AXIS);
  for (const [i, query] of [x, y].entries()) {
    chart.withTarget(targetOf(query, i).format(PromQueryFormat.Table));
  }
  return chart;
}

const queriesOf = ({ x, dots, lines }: Cloud): Query[] => [x, ...dots, ...lines];

function nameOf({ legend = '' }: Query): string {
  if (legend === '' || legend.includes('{{')) throw new TypeError(`"${legend}" can't be the name of a column`);
  return legend;
}

const series = (x: string, y: string): XYSeriesConfigBuilder =>
  new XYSeriesConfigBuilder()
    .name({ fixed: y })
    .x({ matcher: { id: 'byName', options: x } })
    .y({ matcher: { id: 'byName', options: y } });

function joinOf(count: number, first: number): DataTransformerConfig {
  const refIds = Array.from({ length: count }, (_, i) => refIdOf(first + i));
  return {
    id: 'joinByField',
    filter: { id: 'byRefId', options: `/^(?:${refIds.join('|')})$/` },
    options: { byField: 'Time', mode: 'outer' },
  };
}

const X_AXIS: DynamicConfigValue[] = [
  { id: 'unit', value: 'short' },
  { id: 'custom.axisLabel', value: 'open connections' },
];
const AS_LINE: DynamicConfigValue[] = [
  { id: 'custom.show', value: XYShowMode.Lines },
  { id: 'custom.lineWidth', value: 1 },
];
