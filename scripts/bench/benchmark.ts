/** One figure of a benchmark, ready for a table. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  /** What the house allows, in the same unit. */
  readonly target: string;
  readonly holds: boolean;
}

/** A benchmark that can be asked for by name. */
export interface BenchPart {
  readonly name: string;
  /** What is compared with what, and how: one or two sentences for the table's head. */
  readonly method: string;
  /** It takes long or needs other tools: only when named. */
  readonly onDemand?: true;
  measure(options: BenchOptions): Promise<Figure[]>;
}

/** What can be said behind the names of parts. */
export interface BenchOptions {
  /** `--seed`, for parts that draw lots. */
  readonly seed?: number | undefined;
}
