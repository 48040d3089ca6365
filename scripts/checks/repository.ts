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

/** Folders in which nothing is ours, or nothing is written by hand. */
const SKIPPED = new Set(['node_modules', 'dist', 'golden', 'generated', 'findings']);

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
