import type { Part } from './phrase.ts';

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
  readonly title: string;
  /** Of all its numbers, where they don't carry one themselves. */
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
export interface TableData {
  readonly topic: Topic;
  readonly caption: Part;
  /** The first one heads the rows. */
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}
