import { chmodSync, fchmodSync } from 'node:fs';

/** Run folders and what is in them are for their owner alone. */
export const OWNER_ONLY = { folder: 0o700, file: 0o600 } as const;

/** Whatever the umask says. A folder that was there may be somebody else's, or on a disk without modes: then it stays as it is. */
export function keepToOwner(file: string | number, mode: number): void {
  try {
    if (typeof file === 'number') fchmodSync(file, mode);
    else chmodSync(file, mode);
  } catch (error) {
    if (!MODELESS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const MODELESS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
