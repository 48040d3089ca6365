import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Read } from './option.ts';

/** A file that can be written to, now or once it is made. Nothing is made here: the run may still be refused. */
export function readWritableFile(path: string): Read<string> {
  if (path.trim() === '') return { problem: 'it is empty' };
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return { problem: `${path} is a folder` };
    accessSync(found ? path : dirname(path), constants.W_OK);
    return { value: path };
  } catch (error) {
    return { problem: `${path} can't be written (${(error as NodeJS.ErrnoException).code})` };
  }
}
