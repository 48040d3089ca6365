import { closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RigError } from '../../core/errors.ts';
import type { RunEvent, RunFile, Sample } from '../../core/record.ts';

/** Writes a run folder as the run goes. Every line is handed to the kernel at once: a SIGKILL loses nothing written. */
export interface Recorder {
  readonly folder: string;
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
    makeFolder(folder);
    if (readdirSync(folder).length > 0) {
      throw new RigError('EOUT', `the folder ${folder} is not empty`, { hint: '--out another folder' });
    }
    const append = (name: string): number => {
      const fd = openSync(join(folder, name), 'a');
      open.push(fd);
      return fd;
    };
    const samples = append('samples.jsonl');
    const events = append('events.jsonl');
    return {
      folder,
      sample: (sample) => void writeSync(samples, `${JSON.stringify(sample)}\n`),
      event: (event) => void writeSync(events, `${JSON.stringify(event)}\n`),
      runFile(file) {
        const path = join(folder, 'run.json');
        writeFileSync(`${path}.part`, `${JSON.stringify(file, null, 2)}\n`);
        renameSync(`${path}.part`, path);
      },
      close: () => open.splice(0).forEach(closeSync),
    };
  } catch (error) {
    open.forEach(closeSync);
    if (error instanceof RigError) throw error;
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new RigError('EOUT', `the run folder ${folder} can't be written (${why})`, {
      hint: '--out a folder that you may write to',
      cause: error,
    });
  }
}

/** Not `mkdirSync`'s own `recursive`: where nobody may make folders (below /proc), Node 20 tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else may have made it just now.
    if (!existsSync(path)) throw error;
  }
}

/** `runs/20261123T140102003Z-name`: sorts by time, and two runs in one second get different names. */
export function defaultFolder(startedAt: Date, name: string): string {
  const stamp = startedAt
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.(\d{3})Z$/, '$1Z');
  return join('runs', `${stamp}-${name}`);
}
