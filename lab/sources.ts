import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One file of a target's folder. */
interface SourceFile {
  /** Within the folder. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

/** What people's own builds and tools leave in a folder, which is no source. */
const NO_SOURCES = new Set(['node_modules', '.git', '__pycache__']);

/** All files of a target, in the order of their paths. They are small. */
export function readSourceFiles(folder: string, below = ''): SourceFile[] {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .filter(({ name }) => !NO_SOURCES.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(below, entry.name);
      const whole = join(folder, path);
      if (entry.isDirectory()) return readSourceFiles(folder, path);
      return entry.isFile() ? [{ path, bytes: readFileSync(whole), mode: statSync(whole).mode }] : [];
    });
}

export function writeSources(files: readonly SourceFile[], folder: string): void {
  for (const { path, bytes, mode } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes, { mode });
  }
}

/**
 * Tells one build from every other.
 *
 * @param circumstances what a build depends on besides its sources: versions of the tools, the machine's kind
 */
export function hashOf(files: readonly SourceFile[], circumstances: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(circumstances));
  // Lengths keep one file's end from being taken for the next one's name.
  for (const { path, bytes } of files) hash.update(JSON.stringify([path, bytes.length])).update(bytes);
  return hash.digest('hex').slice(0, 16);
}

/** How much there is to copy. */
export interface SourcesSize {
  readonly bytes: number;
  readonly files: number;
}

/** How much a file holds, or all files of a folder; undefined when there is no such thing. */
export function measureSize(path: string): SourcesSize | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat && { bytes: stat.size, files: 1 };
  return addSizes(readdirSync(path).map((name) => measureSize(join(path, name))));
}

/** What isn't there adds nothing. */
export const addSizes = (sizes: ReadonlyArray<SourcesSize | undefined>): SourcesSize => ({
  bytes: sizes.reduce((sum, size) => sum + (size?.bytes ?? 0), 0),
  files: sizes.reduce((sum, size) => sum + (size?.files ?? 0), 0),
});
