import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { RigError } from '../../core/errors.ts';
import type { RunEvent, RunFile, Sample } from '../../core/record.ts';
import { OWNER_ONLY } from '../../core/secrets.ts';

/**
 * Writes a run folder as the run goes. Every line is handed to the kernel at once: a SIGKILL loses nothing written.
 * Writing never throws, since it happens in timers too; {@link Recorder.failure} tells, and ends the run.
 */
export interface Recorder {
  readonly folder: string;
  /** EOUT, from the first write that failed on (a full disk, say). No line is written after it, only run.json is tried. */
  readonly failure: RigError | undefined;
  sample(sample: Sample): void;
  event(event: RunEvent): void;
  /** Replaces run.json as a whole, so that a reader never sees half of one. */
  runFile(file: RunFile): void;
  close(): void;
}

/**
 * Creates the run folder, with its parents.
 *
 * @throws RigError EOUT when it can't be created or written, or holds something already
 */
export function openRecorder(folder: string): Recorder {
  const open: number[] = [];
  try {
    makeFolder(folder, OWNER_ONLY.folder);
    if (readdirSync(folder).length > 0) {
      throw new RigError('EOUT', `the folder ${folder} is not empty`, { hint: '--out another folder' });
    }
    keepToOwner(folder, OWNER_ONLY.folder);
    const openToAppend = (name: string): number => {
      const fd = openSync(join(folder, name), 'a', OWNER_ONLY.file);
      open.push(fd);
      keepToOwner(fd, OWNER_ONLY.file);
      return fd;
    };
    const samples = openToAppend('samples.jsonl');
    const events = openToAppend('events.jsonl');
    let failure: RigError | undefined;
    const attempt = (write: () => void): void => {
      try {
        write();
      } catch (error) {
        failure ??= unwritable(folder, error);
      }
    };
    const append = (fd: number, value: Sample | RunEvent): void => {
      if (!failure) attempt(() => writeLine(fd, value));
    };
    return {
      folder,
      get failure() {
        return failure;
      },
      sample: (sample) => append(samples, sample),
      event: (event) => append(events, event),
      runFile: (file) =>
        attempt(() => {
          replaceFile(join(folder, 'run.json'), `${JSON.stringify(file, null, 2)}\n`);
        }),
      close: () => open.splice(0).forEach(closeSync),
    };
  } catch (error) {
    open.forEach(closeSync);
    throw error instanceof RigError ? error : unwritable(folder, error);
  }
}

/** A disk that fills up takes part of a line before it refuses the next one. */
function writeLine(fd: number, value: Sample | RunEvent): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  if (writeSync(fd, bytes) < bytes.length) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
}

const PAGE_BYTES = 4096;

/** @throws the system's error when there is no room; what was there stays then, unless the new text fits into its place */
function replaceFile(path: string, text: string): void {
  const part = `${path}.part`;
  try {
    writeFileSync(part, text, { mode: OWNER_ONLY.file });
    keepToOwner(part, OWNER_ONLY.file);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    // How a run ended is worth more than how it began, and fits into the same pages.
    const room = existsSync(path) ? Math.ceil(statSync(path).size / PAGE_BYTES) * PAGE_BYTES : 0;
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC' || Buffer.byteLength(text) > room) throw error;
    writeFileSync(path, text, { flag: 'r+' });
    truncateSync(path, Buffer.byteLength(text));
  }
}

function unwritable(folder: string, cause: unknown): RigError {
  const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new RigError('EOUT', `the run folder ${folder} can't be written (${why})`, {
    hint: '--out a folder that you may write to, with room',
    cause,
  });
}

/** Not `mkdirSync`'s own `recursive`: where nobody may make folders (below /proc), Node 20 tries for ever. */
function makeFolder(path: string, mode?: number): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else may have made it just now.
    if (!existsSync(path)) throw error;
  }
}

/** Whatever the umask says. A folder that was there may be somebody else's, or on a disk without modes: then it stays as it is. */
function keepToOwner(file: string | number, mode: number): void {
  try {
    if (typeof file === 'number') fchmodSync(file, mode);
    else chmodSync(file, mode);
  } catch (error) {
    if (!MODELESS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const MODELESS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Where a run goes that was given no folder. */
export const defaultFolder = (startedAt: Date, name: string): string => join('runs', timedName(startedAt, name));

/** `20261123T140102003Z-name`: sorts by time, and two runs in one second get different names. */
export function timedName(startedAt: Date, name: string): string {
  const stamp = startedAt
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.(\d{3})Z$/, '$1Z');
  return `${stamp}-${name}`;
}
