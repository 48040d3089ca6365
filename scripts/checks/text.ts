/** A run of words that are read together: a paragraph, a cell, a message. */
export interface Text {
  readonly words: string;
  /** Where it begins, from 1. */
  readonly line: number;
}
