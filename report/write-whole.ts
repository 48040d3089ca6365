import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RigError } from '../core/errors.ts';
import { OWNER_ONLY } from '../core/secrets.ts';

/**
 * Replaces a file as a whole: half of one would pass for all of it. It is for its owner alone, like the run it tells of.
 *
 * @param name may lie in a folder, which is made
 * @throws RigError EOUT
 */
export function writeFileWhole(folder: string, name: string, content: string): void {
  const path = join(folder, name);
  const part = `${path}.part`;
  try {
    const made = mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY.folder });
    // The umask may have taken more.
    if (made !== undefined) chmodSync(dirname(path), OWNER_ONLY.folder);
    writeFileSync(part, content, { mode: OWNER_ONLY.file });
    chmodSync(part, OWNER_ONLY.file);
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
