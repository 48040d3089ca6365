import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  opendirSync,
  openSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RunEvent, RunFile, Sample } from '../../core/schemas/record.ts';
import { RigError } from '../../core/values/errors.ts';
import { makeFolders } from '../../files/inside.ts';
import { openToGoOn } from '../../files/lines-go-on.ts';
import { keepToOwner, OWNER_ONLY } from '../../files/owner.ts';
import { createToAppend, replaceFile } from '../../files/replace.ts';
import { clearUnmeasured } from './unmeasured-folder.ts';

/**
 * Writes a run folder as the run goes. Every line is handed to the kernel at once: a SIGKILL loses nothing written.
 * Writing never throws, since it happens in timers too; {@link Recorder.failure} tells, and ends the run.
 */
export interface Recorder {
  readonly folder: string;
  /** EOUT, from the first write that failed on (a full disk, say). No line is written after it, only run.json is tried. */
  readonly failure: RigError | undefined;
  sample(sample: Sample): void;
  /** One that isn't kept, for whoever looks on. */
  passing(sample: Sample): void;
  event(event: RunEvent): void;
  /** Replaces run.json as a whole, so that a reader never sees half of one. */
  runFile(file: RunFile): void;
  close(): void;
}

/** As far as the umask lets it: folders that a run folder lies in may be for others as well. */
const OPEN_TO_OTHERS = 0o777;

/**
 * Creates the run folder, with its parents. One that holds a run which measured nothing is used again.
 *
 * @param goesOn with the record that is there
 * @throws RigError EOUT when it can't be created or written, or holds something already
 */
export function openRecorder(folder: string, goesOn = false): Recorder {
  const open: number[] = [];
  try {
    makeFolders(folder, OPEN_TO_OTHERS);
    if (!goesOn && !isEmpty(folder) && !clearUnmeasured(folder)) {
      throw new RigError('EOUT', `the folder ${folder} is not empty`, { hint: '--out another folder' });
    }
    keepToOwner(folder, OWNER_ONLY.folder);
    const openToAppend = (name: string): number => {
      const fd = goesOn ? openToGoOn(folder, name) : createToAppend(folder, name);
      open.push(fd);
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
      passing() {},
      event: (event) => append(events, event),
      runFile: (file) =>
        attempt(() => {
          replaceRunFile(folder, `${JSON.stringify(file, null, 2)}\n`);
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
function replaceRunFile(folder: string, text: string): void {
  try {
    replaceFile(folder, 'run.json', text);
  } catch (error) {
    // How a run ended is worth more than how it began, and fits into the same pages.
    const path = join(folder, 'run.json');
    const room = existsSync(path) ? Math.ceil(statSync(path).size / PAGE_BYTES) * PAGE_BYTES : 0;
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC' || Buffer.byteLength(text) > room) throw error;
    const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      writeFileSync(fd, text);
      ftruncateSync(fd, Buffer.byteLength(text));
    } finally {
      closeSync(fd);
    }
  }
}

function isEmpty(folder: string): boolean {
  const entries = opendirSync(folder);
  try {
    return entries.readSync() === null;
  } finally {
    entries.closeSync();
  }
}

function unwritable(folder: string, cause: unknown): RigError {
  const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new RigError('EOUT', `the run folder ${folder} can't be written (${why})`, {
    hint: why === 'EFBIG' ? 'ulimit -f unlimited' : '--out a folder that you may write to, with room',
    cause,
  });
}

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
