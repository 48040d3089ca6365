/**
 * The only door to echarts: the chart types and components we draw with, SVG alone. The build puts the library's code for
 * these into this module's place (scripts/bundle.ts), so what is shipped needs no echarts.
 */
import {
  BarChart,
  type BarSeriesOption,
  CustomChart,
  type CustomSeriesOption,
  LineChart,
  type LineSeriesOption,
  ScatterChart,
  type ScatterSeriesOption,
} from 'echarts/charts';
import {
  AriaComponent,
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  type TooltipComponentOption,
} from 'echarts/components';
import { type ComposeOption, type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([
  ...[LineChart, BarChart, ScatterChart, CustomChart, SVGRenderer],
  ...[AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent],
]);

export type SeriesOption = LineSeriesOption | BarSeriesOption | ScatterSeriesOption | CustomSeriesOption;
export type ChartOption = ComposeOption<
  SeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>;

/** A chart in a page. */
export type EChart = EChartsType;

export { init };
