/** Something that a check found. */
export interface Problem {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** What is wrong, and what to do. */
  readonly sentence: string;
}

/** As editors and terminals link it. */
export const formatProblem = ({ path, line, sentence }: Problem): string => `${path}:${line}: ${sentence}`;
