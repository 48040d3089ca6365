import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RigError } from '../core/errors.ts';

/**
 * Replaces a file as a whole: half of one would pass for all of it.
 *
 * @param name may lie in a folder, which is made
 * @throws RigError EOUT
 */
export function writeFileWhole(folder: string, name: string, content: string): void {
  const path = join(folder, name);
  const part = `${path}.part`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(part, content);
    renameSync(part, path);
  } catch (cause) {
    rmSync(part, { force: true });
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new RigError('EOUT', `the reports can't be written into ${folder} (${why})`, {
      hint: 'copy the folder to where you may write, and report on that',
      cause,
    });
  }
}
