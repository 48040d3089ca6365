import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Enough to tell by. Kernel threads have no memory to show, and so are never among the readable ones. */
const TRIED_MOST = 100;

/**
 * What may be read of other users' processes: all of their memory, RSS and other counters alone, or nothing. Found by
 * trying; where there is no such process, by our privilege.
 */
export function lookAtOthers(): 'all' | 'rss' | 'nothing' {
  const others = listOthers();
  if (others.some((folder) => opens(join(folder, 'smaps_rollup')))) return 'all';
  // Process 1 is always there, if only we may see it.
  const isSeen = [...others, '/proc/1'].some((folder) => opens(join(folder, 'stat')));
  if (others.length === 0 && isSeen) return mayTrace() ? 'all' : 'rss';
  return isSeen ? 'rss' : 'nothing';
}

function listOthers(): string[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => join('/proc', name))
      .filter((folder) => ownerOf(folder) !== process.getuid?.())
      .slice(-TRIED_MOST);
  } catch {
    return [];
  }
}

/** Our own for one that has just ended. */
const ownerOf = (folder: string): number | undefined =>
  (statSync(folder, { throwIfNoEntry: false }) ?? statSync('/proc/self')).uid;

function opens(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

const CAP_SYS_PTRACE = 19n;

function mayTrace(): boolean {
  const [, mask = '0'] = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return ((BigInt(`0x${mask}`) >> CAP_SYS_PTRACE) & 1n) === 1n;
}
