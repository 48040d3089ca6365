import type { ChartOption } from './echarts.ts';

/** A chart with all that is needed to show it to anybody: drawn, in a sentence, and as a table. */
export interface Chart {
  readonly title: string;
  /** What there is to see, in one or two sentences, for who can't see it. */
  readonly description: string;
  /** For a chart so many pixels wide: what stands above the lines takes more rows when it is narrow. */
  readonly option: (width: number) => ChartOption;
  readonly table: ChartTable;
  readonly hover: Hover;
}

/** What a pointer is told where it rests, without any script: one text for each place along an axis. */
export interface Hover {
  /** The axis that `places` are on; unless said, `x`. */
  readonly along?: 'x' | 'y';
  /** Numbers of that axis, or of a category its index. */
  readonly places: readonly number[];
  readonly textAt: (place: number) => string;
}

/** The numbers behind a chart, as people read them. The first column heads the rows. */
export interface ChartTable {
  readonly head: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
}

export const NO_VALUE = '–';

export const formatOrUnknown = (value: number | null | undefined, print: (value: number) => string): string =>
  value === null || value === undefined ? NO_VALUE : print(value);
