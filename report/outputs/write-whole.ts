import { RigError } from '../../core/values/errors.ts';
import { makeFolders } from '../../files/inside.ts';
import { replaceFile } from '../../files/replace.ts';

/**
 * Replaces a file of a run folder, or of one for many runs, as a whole and through no link. It is for its owner alone, like the
 * run it tells of.
 *
 * @param folder is made when it isn't there
 * @param name may lie in a folder, which is made
 * @throws RigError EOUT
 */
export function writeFileWhole(folder: string, name: string, content: string | Uint8Array): void {
  try {
    makeFolders(folder);
    replaceFile(folder, name, content);
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new RigError('EOUT', `the reports can't be written into ${folder}: ${name} (${WHY[code] ?? code})`, {
      hint: HINTS[code] ?? 'copy the folder to where you may write, and report on that',
      cause,
    });
  }
}

const WHY: Readonly<Record<string, string>> = {
  ELOOP: 'a link or a file stands there in place of a folder',
  ENOTDIR: 'a link or a file stands there in place of a folder',
  EISDIR: 'a folder stands there in its place',
};

const HINTS: Readonly<Record<string, string>> = {
  EFBIG: 'ulimit -f unlimited',
  ENOSPC: 'df -h, to see which disk has room; copy the folder there, and report on that',
};
