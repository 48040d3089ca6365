import { readFileSync } from 'node:fs';

/** Files that this command opens at once at its start, with some to spare: most of them are its own code. */
const LEAST_FILES = 128;

/** @returns what to say, where this process may not even open what the smallest of our commands needs; undefined where it may */
export function lackOfFiles(): string | undefined {
  const most = mostFiles();
  if (most === undefined || most >= LEAST_FILES) return undefined;
  return `EFILES: connrig itself needs ${LEAST_FILES} open files; the limit is ${most} — ulimit -n 1024\n`;
}

function mostFiles(): number | undefined {
  try {
    const [, most] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return most === undefined ? undefined : Number(most);
  } catch (error) {
    // Not even one, or another system.
    return (error as NodeJS.ErrnoException).code === 'EMFILE' ? 0 : undefined;
  }
}
