import { type Part, say } from './phrase.ts';

/** What a section of the report is about. */
export type Topic = 'cost' | 'capacity' | 'time' | 'latency';

/** In their order, and what they are called. */
export const TOPICS: Readonly<Record<Topic, string>> = {
  cost: 'What one more connection costs',
  capacity: 'How many fit',
  time: 'Over time',
  latency: 'How long it took',
};

export interface TableColumn {
  readonly title: Part;
  /** The unit of all its numbers, where they don't carry one themselves. */
  readonly unit?: string;
  /** Words read from the left; numbers stand to the right. */
  readonly words?: boolean;
}

export interface TableRow {
  /** Names the row. */
  readonly head: Part;
  readonly cells: readonly Part[];
}

/** A table before it is HTML or Markdown. */
export interface Table {
  readonly caption: Part;
  /** The first one heads the rows. */
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}

/** One of the report's, in the section of its topic. */
export interface TableData extends Table {
  readonly topic: Topic;
  /** Seen at once; the others are opened by who wants to know more. */
  readonly isMain?: boolean;
}

/** The titles of its columns with their units, then its rows, for tables made of text. */
export const gridOf = ({ columns, rows }: Table, print: (part: Part) => string): string[][] => [
  columns.map(({ title, unit }) => print(unit === undefined ? title : say`${title} (${unit})`)),
  ...rows.map(({ head, cells }) => [head, ...cells].map(print)),
];
