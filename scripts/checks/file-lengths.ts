import type { Problem } from './problem.ts';
import type { RepositoryFile } from './repository.ts';

/** A longer file is probably two ideas. */
const MOST_LINES = 300;

/** Files that are too long. */
export function checkFileLengths(files: readonly RepositoryFile[]): Problem[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - 1;
    if (lines <= MOST_LINES) return [];
    return [
      { path, line: lines, sentence: `The file has ${lines} lines. Split it: ${MOST_LINES} is the most for one file.` },
    ];
  });
}
