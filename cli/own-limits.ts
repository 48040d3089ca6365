import { readFileSync } from 'node:fs';

/** Files that this command opens at once at its start, with some to spare: most of them are its own code. */
const LEAST_FILES = 128;

/** Engines of its threads and what they reserve, without anything measured: 1.7 GB at the most were seen. */
const LEAST_RUN_BYTES = 1.75 * 2 ** 30;

/** @returns what to say, where this process may not even open what the smallest of our commands needs; undefined where it may */
export function lackOfFiles(): string | undefined {
  const most = limitOf('Max open files');
  if (most === undefined || most >= LEAST_FILES) return undefined;
  return `EFILES: connrig itself needs ${LEAST_FILES} open files; the limit is ${most} — ulimit -n 1024\n`;
}

/** @returns bytes of address space that a run needs and may have, where these are too few: Node.js aborts when a thread finds none */
export function lackOfAddresses(): { readonly neededBytes: number; readonly mostBytes: number } | undefined {
  const mostBytes = limitOf('Max address space');
  return mostBytes === undefined || mostBytes >= LEAST_RUN_BYTES
    ? undefined
    : { neededBytes: LEAST_RUN_BYTES, mostBytes };
}

/** Threads of a run and the reference server, with the fewest workers; with 25 it waited for ever or ended without a reason. */
const LEAST_RUN_THREADS = 28;

/** @returns threads that a run needs and all of this user's may be, where these are too few. Root is not bound by it */
export function lackOfThreads(): { readonly needed: number; readonly most: number } | undefined {
  const most = process.getuid?.() === 0 ? undefined : limitOf('Max processes');
  return most === undefined || most >= LEAST_RUN_THREADS ? undefined : { needed: LEAST_RUN_THREADS, most };
}

/** @returns undefined where there is none, or nobody tells */
function limitOf(name: string): number | undefined {
  try {
    const found = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/limits', 'latin1'));
    return found ? Number(found[1]) : undefined;
  } catch (error) {
    // Not even one file, or another system.
    return (error as NodeJS.ErrnoException).code === 'EMFILE' ? 0 : undefined;
  }
}
