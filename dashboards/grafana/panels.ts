/** The kinds of panel that our dashboards have. What is on them comes from queries/, where they lie from the dashboard. */

import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Query } from './query.ts';

/** What every panel has. */
export interface Content {
  readonly title: string;
  /** What it shows, in a sentence for people who see it for the first time. */
  readonly description: string;
  /** A unit of Grafana's; none for counts. */
  readonly unit?: string;
  readonly queries: readonly Query[];
  /** Out of 24 columns. */
  readonly width: number;
  /** In Grafana's rows of 38 pixels. */
  readonly height: number;
}

/** Chosen at the top of the dashboard. */
export const DATA_SOURCE: DataSourceRef = { type: 'prometheus', uid: `\${datasource}` };

/** As often as our own scrape config asks; a step below would show nothing new. */
const LEAST_STEP = '1s';

/** One number for each series, in large. @param names show what a series is called instead: for series that say so */
export function stat(content: Content, options: { readonly names?: boolean; readonly alarm?: boolean } = {}): Stat {
  return dressed(new Stat(), content)
    .graphMode(BigValueGraphMode.None)
    .colorMode(options.alarm ? BigValueColorMode.Background : BigValueColorMode.Value)
    .textMode(options.names ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(options.alarm ? [...CALM, { value: 1, color: 'red' }] : CALM));
}

/** Bars to compare series by. */
export const bars = (content: Content): BarGauge =>
  dressed(new BarGauge(), content)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(CALM))
    .min(0);

/** Lines over time. */
export const lines = (content: Content): TimeSeries =>
  dressed(new TimeSeries(), content)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Auto)
    .legend(legend(content))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));

/** Areas on top of each other, which sum to the whole. */
export const stacked = (content: Content): TimeSeries =>
  lines(content).fillOpacity(60).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));

/** How values are spread, over time: the buckets of a histogram. */
export const heatmap = (content: Content): Heatmap =>
  dressed(new Heatmap(), { ...content, unit: 'short' })
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(content.unit ?? 'short'))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .cellGap(1)
    .showLegend();

/** When each series was there. */
export const states = (content: Content): StateTimeline =>
  dressed(new StateTimeline(), content).showValue(VisibilityMode.Never).mergeValues(true).rowHeight(0.9);

const CALM: readonly Threshold[] = [{ value: null, color: 'text' }];
const thresholds = (steps: readonly Threshold[]): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps]);

const legend = ({ queries }: Content): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(queries.some((query) => query.legend !== undefined));

/** What builders of all kinds of panel have in common. */
interface Dressable extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: DataSourceRef): this;
  span(columns: number): this;
  height(rows: number): this;
  interval(least: string): this;
  unit(unit: string): this;
  withTarget(target: DataqueryBuilder): this;
}

/** Title, size and queries on a panel of any kind. */
export function dressed<B extends Dressable>(panel: B, content: Content): B {
  panel
    .title(content.title)
    .description(content.description)
    .datasource(DATA_SOURCE)
    .span(content.width)
    .height(content.height)
    .interval(LEAST_STEP)
    .unit(content.unit ?? 'short');
  for (const [i, query] of content.queries.entries()) panel.withTarget(targetOf(query, i));
  return panel;
}

/** A to Z, then AA. @param i a query's place in its panel */
export const refIdOf = (i: number): string =>
  (i >= 26 ? refIdOf(Math.floor(i / 26) - 1) : '') + String.fromCharCode(65 + (i % 26));

/** @param i its place in the panel: the first is A */
export function targetOf(query: Query, i: number): DataqueryBuilder {
  const target = new DataqueryBuilder().datasource(DATA_SOURCE).expr(query.expr.text).refId(refIdOf(i));
  if (query.legend !== undefined) target.legendFormat(query.legend);
  if (query.kind === 'now') return target.instant();
  return target.range().format(query.kind === 'buckets' ? PromQueryFormat.Heatmap : PromQueryFormat.TimeSeries);
}
