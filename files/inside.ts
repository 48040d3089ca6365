import { closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { keepToOwner, OWNER_ONLY } from './owner.ts';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;
/** Where the system has it, a name below it is looked up in the very folder that is open, whatever its path leads to by then. */
const OPEN_FOLDERS = '/proc/self/fd';

/**
 * Does something with a file that lies in a folder, which may be somebody else's. The folder itself may be a link, since it
 * was named; no folder below it may.
 *
 * @param name within the folder, steps parted by `/`
 * @param act is given a path that is good for the time of the call; it must not follow a link at its end
 * @param makes folders on the way that aren't there
 * @throws the system's error: ELOOP or ENOTDIR where a link stands in place of a folder
 */
export function inside<T>(folder: string, name: string, act: (path: string) => T, makes = false): T {
  const steps = name.split('/');
  const last = steps.pop()!;
  let path = folder;
  let open = openSync(folder, FOLDER);
  try {
    for (const step of steps) {
      const next = pathIn(open, path, step);
      if (makes) makeFolder(next);
      const deeper = openSync(next, FOLDER | constants.O_NOFOLLOW);
      closeSync(open);
      open = deeper;
      path = join(path, step);
    }
    return act(pathIn(open, path, last));
  } finally {
    closeSync(open);
  }
}

/**
 * Makes a folder and those it lies in, for their owner alone. Not `mkdirSync`'s own `recursive`: where nobody may make any (below /proc), Node 20 tries for ever.
 *
 * @param above mode of those it lies in, where they may be for others as well
 */
export function makeFolders(path: string, above: number = OWNER_ONLY.folder): void {
  if (existsSync(path)) return;
  makeFoldersAbove(dirname(path), above);
  makeFolder(path);
}

function makeFoldersAbove(path: string, mode: number): void {
  if (existsSync(path)) return;
  makeFoldersAbove(dirname(path), mode);
  makeFolder(path, mode);
}

const pathIn = (open: number, path: string, name: string): string =>
  existsSync(OPEN_FOLDERS) ? `${OPEN_FOLDERS}/${open}/${name}` : join(path, name);

function makeFolder(path: string, mode: number = OWNER_ONLY.folder): void {
  try {
    mkdirSync(path, { mode });
    if (mode === OWNER_ONLY.folder) keepToOwner(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
