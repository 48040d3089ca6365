import { accessSync, constants, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { membersOf } from './cgroup.ts';
import { type CgroupPlace, placesOf } from './cgroup-place.ts';
import { Missing, systemCodeOf } from './meter.ts';

/** A memory cgroup of ours. */
export interface MadeCgroup {
  readonly folder: string;
  /** A process gets in by writing its id here. */
  readonly procsFile: string;
  /** Processes in it now. */
  members(): Promise<number[]>;
  /** Ends what is left in it and removes it. Idempotent. @returns why it is still there; undefined when it is gone */
  remove(): Promise<string | undefined>;
}

/** A cgroup stays busy for a moment after its last process has ended. */
const REMOVE_WITHIN_MS = 2000;
const POLL_MS = 20;

/**
 * Makes an empty memory cgroup. With v1 below our own, so that our limits go on to hold for it. A v2 cgroup that has
 * processes can't have others below it with a memory account. So there it is made beside our own, where the one above
 * hands the controller on: the limits of that one go on to hold.
 *
 * @param name folder name; nothing may have it yet
 * @throws Missing with the reason, where we may not
 */
export async function makeCgroup(name: string, proc = '/proc'): Promise<MadeCgroup> {
  const [place] = await placesOf(proc);
  if (!place) throw new Missing('there is no memory cgroup here');
  const folder = join(parentFor(place), name);
  const procsFile = join(folder, 'cgroup.procs');
  try {
    mkdirSync(folder);
    accessSync(procsFile, constants.W_OK);
  } catch (error) {
    removeFolder(folder);
    throw new Missing(`no memory cgroup can be made as ${folder} (${systemCodeOf(error) ?? error})`);
  }
  return { folder, procsFile, members: () => membersOf(folder), remove: () => emptyAndRemove(folder) };
}

function parentFor({ version, path, folder, top }: CgroupPlace): string {
  if (folder === null) throw new Missing(`our own cgroup ${path} lies outside of what is mounted here`);
  if (version === 1) return folder;
  const candidates = folder === top ? [folder] : [folder, join(folder, '..')];
  const parent = candidates.find(handsMemoryOn);
  if (parent === undefined) throw new Missing(`the memory controller is not handed on in ${candidates.join(' or ')}`);
  return parent;
}

function handsMemoryOn(folder: string): boolean {
  try {
    return readFileSync(join(folder, 'cgroup.subtree_control'), 'latin1').split(/\s+/).includes('memory');
  } catch {
    return false;
  }
}

async function emptyAndRemove(folder: string): Promise<string | undefined> {
  const deadline = performance.now() + REMOVE_WITHIN_MS;
  for (;;) {
    for (const pid of await membersOf(folder)) kill(pid);
    const code = removeFolder(folder);
    if (code === undefined || code === 'ENOENT') return undefined;
    if (performance.now() > deadline) return `the cgroup ${folder} can't be removed (${code})`;
    await delay(POLL_MS);
  }
}

function removeFolder(folder: string): string | undefined {
  try {
    rmdirSync(folder);
    return undefined;
  } catch (error) {
    return systemCodeOf(error) ?? String(error);
  }
}

function kill(pid: number): void {
  // 0 stands for a process that we can't see, and would mean our own group.
  if (pid <= 0) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in the meantime.
  }
}
