import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { inside } from './inside.ts';

/** Why a file can't be read, as what follows its name in a sentence: "is a link, which is not followed". */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  /** There is nothing by that name. */
  readonly isAbsent: boolean;
  constructor(why: string, { isAbsent = false, cause }: { isAbsent?: boolean; cause?: unknown } = {}) {
    super(why, { cause });
    this.isAbsent = isAbsent;
  }
}

const PIECE_BYTES = 64 * 1024;

/**
 * Opens a file of a folder that may be somebody else's: a regular one, through no link, without waiting for anybody.
 *
 * @returns its descriptor, to be closed
 * @throws Unreadable
 */
export function openToRead(folder: string, name: string): number {
  return told(() =>
    inside(folder, name, (path) => {
      // Before it is opened: opening some devices does something.
      assertRegular(lstatSync(path));
      const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        assertRegular(fstatSync(fd));
        return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    }),
  );
}

/**
 * The whole text of a file.
 *
 * @param mostBytes more than any proper one has
 * @throws Unreadable
 */
export function readWhole(folder: string, name: string, mostBytes: number): string {
  const fd = openToRead(folder, name);
  try {
    return told(() => {
      const { size } = fstatSync(fd);
      if (size > mostBytes) throw new Unreadable(`is larger than ${mostBytes / 2 ** 20} MiB, which none of ours is`);
      const bytes = Buffer.allocUnsafe(size);
      let length = 0;
      for (let got = -1; got !== 0 && length < size; length += got)
        got = readSync(fd, bytes, length, size - length, length);
      return bytes.toString('utf8', 0, length);
    });
  } finally {
    closeSync(fd);
  }
}

/** @returns whether there is anything by that name in a folder, be it a link to nowhere */
export function isThere(folder: string, name: string): boolean {
  try {
    inside(folder, name, (path) => lstatSync(path));
    return true;
  } catch {
    return false;
  }
}

/**
 * The whole text of a file that the user named. Links are followed to it: certificates that renew themselves lie behind
 * some. It may be a pipe, as a shell makes one for `<(command)`.
 *
 * @param mostBytes more than any proper one has
 * @throws Unreadable
 */
export function readNamed(path: string, mostBytes: number): string {
  return told(() => {
    const stat = statSync(path);
    if (!stat.isFIFO()) assertRegular(stat);
    const fd = openSync(path, constants.O_RDONLY);
    try {
      const pieces: Buffer[] = [];
      let length = 0;
      for (let got = -1; got !== 0; length += got) {
        const piece = Buffer.allocUnsafe(PIECE_BYTES);
        got = readSync(fd, piece);
        pieces.push(piece.subarray(0, got));
        if (length + got > mostBytes) throw new Unreadable(`is larger than ${mostBytes / 2 ** 20} MiB`);
      }
      return Buffer.concat(pieces, length).toString('utf8');
    } finally {
      closeSync(fd);
    }
  });
}

function assertRegular(stat: Stats): void {
  if (stat.isFile()) return;
  if (stat.isSymbolicLink()) throw new Unreadable('is a link, which is not followed');
  const what = stat.isDirectory() ? 'folder' : stat.isFIFO() ? 'pipe' : stat.isSocket() ? 'socket' : 'device';
  throw new Unreadable(`is a ${what}, not a file`);
}

function told<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof Unreadable) throw cause;
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw new Unreadable('is a link, which is not followed', { cause });
    // ENOTDIR: what was named as a folder is a file.
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    throw new Unreadable(isAbsent ? `is missing (${code})` : `can't be read (${code})`, { isAbsent, cause });
  }
}
