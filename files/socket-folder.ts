import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Room for the name of a socket behind the folder: a path of more than 107 bytes is none (unix(7)). */
const MOST_FOLDER_BYTES = 90;

/** A new folder for Unix sockets that no other user gets into, as `mkdtemp` makes them. It is the caller's to remove. */
export function makeSocketFolder(): string {
  const usual = join(tmpdir(), 'connrig-');
  // Some give each program a folder deep down.
  return mkdtempSync(Buffer.byteLength(usual) < MOST_FOLDER_BYTES ? usual : '/tmp/connrig-');
}
