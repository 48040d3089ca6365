import { randomBytes } from 'node:crypto';
import { constants, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { inside } from './inside.ts';
import { keepToOwner, OWNER_ONLY } from './owner.ts';

/**
 * Replaces a file of a folder as a whole: half of one would pass for all of it. What stood there before, be it a link, is
 * not written to; the new text comes by a name that nobody can know before.
 *
 * @param name may lie in a folder, which is made
 * @throws the system's error; what was there stays then
 */
export function replaceFile(folder: string, name: string, content: string | Uint8Array): void {
  const part = `${name}.${randomBytes(8).toString('hex')}.part`;
  inside(
    folder,
    part,
    (path) => {
      try {
        writeFileSync(path, content, { flag: 'wx', mode: OWNER_ONLY.file });
        keepToOwner(path, OWNER_ONLY.file);
        renameSync(path, path.slice(0, -(part.length - name.length)));
      } catch (error) {
        rmSync(path, { force: true });
        throw error;
      }
    },
    true,
  );
}

/**
 * Opens a new file of a folder to append to it.
 *
 * @returns its descriptor, to be closed
 * @throws the system's error; EEXIST when there is anything by that name
 */
export function createToAppend(folder: string, name: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL } = constants;
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL;
  const fd = inside(folder, name, (path) => openSync(path, flags, OWNER_ONLY.file));
  keepToOwner(fd, OWNER_ONLY.file);
  return fd;
}
