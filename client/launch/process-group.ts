import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const KILLED_WITHIN_MS = 2000;
const REAPED_WITHIN_MS = 2000;
const POLL_MS = 10;

export const hasEnded = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

/**
 * Ends a child and its whole process group, also when its leader has gone before.
 *
 * @param signal what it is asked by; undefined: it has been asked already
 * @param withinMs how long it may take, before it is killed
 * @param hurry ends the wait
 * @returns whether it was killed
 */
export async function endGroup(
  child: ChildProcess,
  signal: NodeJS.Signals | undefined,
  withinMs: number,
  hurry?: AbortSignal,
): Promise<boolean> {
  const { pid } = child;
  if (pid === undefined) return false;
  const gone = hasEnded(child) ? undefined : once(child, 'exit');
  let killed = false;
  if (signalGroup(pid, signal ?? 0) && !(await groupEnds(pid, withinMs, hurry))) {
    killed = signalGroup(pid, 'SIGKILL');
    await groupEnds(pid, KILLED_WITHIN_MS);
  }
  await gone;
  return killed;
}

/** Nobody finds any of the group by its id any longer; that is a moment after all have ended. */
export async function untilReaped({ pid }: ChildProcess): Promise<void> {
  const deadline = performance.now() + REAPED_WITHIN_MS;
  while (pid !== undefined && signalGroup(pid, 0) && performance.now() < deadline) await delay(POLL_MS);
}

async function groupEnds(group: number, withinMs: number, hurry?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (livesIn(group)) {
    if (performance.now() > deadline || hurry?.aborted) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** A process that has ended counts as gone, also while the parent that it fell to (process 1, mostly) is slow to take notice. */
function livesIn(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && isLivingMember(pid, group));
}

function isLivingMember(pid: string, group: number): boolean {
  try {
    // `PID (NAME) STATE PARENT GROUP …`; a name may have anything in it.
    const [state = '', , its] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return Number(its) === group && !'ZX'.includes(state);
  } catch {
    // It has gone meanwhile.
    return false;
  }
}

/** @returns whether there is such a group */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
