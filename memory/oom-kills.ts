import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldersUpwards, leastLimit, placesOf } from './cgroup-place.ts';

/** Processes that the kernel killed for want of memory. */
export interface OomKills {
  readonly processes: number;
  /** The cgroup they were in, as /proc/PID/cgroup had it. */
  readonly path: string;
  /** What it might take; null: it had no limit, so that the machine had no memory left. */
  readonly limitBytes: number | null;
}

/**
 * Remembers where a process's cgroup counts such kills, and how many there were: once the process is gone nobody can
 * tell any more which cgroup it was in.
 *
 * @returns asks how many there have been since; undefined while there were none, and where the kernel doesn't count them
 */
export async function watchOomKills(pid: number, proc = '/proc'): Promise<() => OomKills | undefined> {
  const [place] = await placesOf(proc, pid);
  if (place === undefined) return () => undefined;
  const limitBytes = await leastLimit([place]);
  // In v1 each cgroup counts its own alone. In v2 it counts those below it as well, so where a container's cgroup goes
  // together with its last process, the one above still knows.
  const folders = foldersUpwards(place).slice(0, place.version === 1 ? 1 : undefined);
  const counts = folders.map((folder) => {
    const file = oomFileOf(place.version, folder);
    return { file, before: countNow(file) };
  });
  return () => {
    for (const { file, before } of counts) {
      const now = countNow(file);
      if (now === undefined || before === undefined) continue;
      if (now <= before) return undefined;
      return { processes: now - before, path: place.path, limitBytes: Number.isFinite(limitBytes) ? limitBytes : null };
    }
    return undefined;
  };
}

export const oomFileOf = (version: 1 | 2, folder: string): string =>
  join(folder, version === 1 ? 'memory.oom_control' : 'memory.events');

/** A line `oom_kill 3`, the same in v1 (Linux 4.13) and v2. */
export function parseOomKills(text: string): number | undefined {
  const [, digits] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Synchronous: a small file, asked for when something has gone wrong already. */
function countNow(file: string): number | undefined {
  try {
    return parseOomKills(readFileSync(file, 'latin1'));
  } catch {
    return undefined;
  }
}
