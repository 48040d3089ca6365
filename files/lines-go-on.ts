import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { inside } from './inside.ts';

const PIECE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * Opens a file of lines to go on with it. A line that was being written when its writer was killed is cut off: what comes next would
 * become part of it.
 *
 * @returns its descriptor, to be closed
 * @throws the system's error
 */
export function openToGoOn(folder: string, name: string): number {
  const { O_RDWR, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = inside(folder, name, (path) => openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK));
  try {
    const { size } = fstatSync(fd);
    const end = endOfLines(fd, size);
    if (end < size) ftruncateSync(fd, end);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Where the last line ends that is whole. */
function endOfLines(fd: number, size: number): number {
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let to = size; to > 0; ) {
    const from = Math.max(0, to - PIECE_BYTES);
    const length = readSync(fd, piece, 0, to - from, from);
    const at = piece.subarray(0, length).lastIndexOf(NEWLINE);
    if (at >= 0) return from + at + 1;
    to = from;
  }
  return 0;
}
