import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, seen from the build. */
export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** One file of the repository: its path from the root, with slashes. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

/** Folders in which nothing is written by hand, and what git is to leave alone: packages, builds, runs of those who try it. */
const SKIPPED = new Set(['golden', 'generated', 'findings', ...readIgnored()]);

function readIgnored(): string[] {
  const lines = readFileSync(join(REPOSITORY, '.gitignore'), 'utf8').split('\n');
  return lines.map((line) => line.trim().replace(/\/$/, '')).filter((name) => /^\w[\w-]*$/.test(name));
}

/** Files with one of these endings, in the order of their paths. Hidden folders are left out. */
export function listFiles(endings: readonly string[], below = ''): RepositoryFile[] {
  return readdirSync(join(REPOSITORY, below), { withFileTypes: true })
    .filter(({ name }) => !SKIPPED.has(name) && !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return listFiles(endings, path);
      if (!entry.isFile() || !endings.some((ending) => path.endsWith(ending))) return [];
      return [{ path, text: readFileSync(join(REPOSITORY, path), 'utf8') }];
    });
}
