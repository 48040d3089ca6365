import { checkExportedNames } from './exported-names.ts';
import { checkFileLengths } from './file-lengths.ts';
import type { Problem } from './problem.ts';
import { listFiles, type RepositoryFile } from './repository.ts';
import { checkSentences } from './sentences.ts';
import { checkSpreadLiterals } from './spread-literals.ts';

interface Check {
  readonly run: (files: readonly RepositoryFile[]) => Problem[];
  readonly reads: (path: string) => boolean;
}

const isCode = (path: string): boolean => path.endsWith('.ts');
/** Pages that are made from code are read there. What has been released stays as it was said. */
const isProse = (path: string): boolean =>
  path.endsWith('.md') && !['CHANGELOG.md', 'docs/options.md', 'docs/metrics.md'].includes(path);

/** A row here is all that a check of the house takes: `npm run house`, the tests and the exceptions know it from here. */
export const HOUSE_CHECKS = {
  'file-lengths': { run: checkFileLengths, reads: isCode },
  'exported-names': { run: checkExportedNames, reads: isCode },
  'spread-literals': { run: checkSpreadLiterals, reads: isCode },
  sentences: { run: checkSentences, reads: (path) => isCode(path) || isProse(path) },
  'changelog-sentences': {
    run: (files) => checkSentences(files.map(readUnreleased)),
    reads: (path) => path === 'CHANGELOG.md',
  },
} as const satisfies Record<string, Check>;
export type HouseCheck = keyof typeof HOUSE_CHECKS;

/** What every check finds in the repository. */
export function runChecks(): Record<HouseCheck, Problem[]> {
  const files = listFiles(['.ts', '.md']);
  const found = Object.entries(HOUSE_CHECKS).map(([name, { run, reads }]) => [
    name,
    run(files.filter(({ path }) => reads(path))),
  ]);
  return Object.fromEntries(found) as Record<HouseCheck, Problem[]>;
}

/** The changelog up to the first version that was released. */
const readUnreleased = ({ path, text }: RepositoryFile): RepositoryFile => ({
  path,
  text: text.split(/^## (?!\[?Unreleased)/m)[0] ?? '',
});
