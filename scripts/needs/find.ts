import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { NeedName } from './packages.ts';

/** Debian keeps servers where only root's PATH looks. */
const ALSO = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Where a command lies, whoever asks; undefined when it isn't installed. */
export function find(name: NeedName): string | undefined {
  return [...(process.env['PATH'] ?? '').split(':'), ...ALSO]
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
