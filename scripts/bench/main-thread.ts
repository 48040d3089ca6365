import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;

/** Processor time of a process's main thread so far, in seconds; undefined when it is gone. */
export function mainThreadCpuOf(pid: number): number | undefined {
  try {
    // After the name, which ends with a parenthesis: utime and stime are fields 14 and 15 of all.
    const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

const LOOK_EVERY_MS = 1000;

/** What the main thread of a process took of a core, from its start until it ended. */
export async function mainShareUntilEnd(child: ChildProcess): Promise<number> {
  const [beganMs, ended] = [performance.now(), once(child, 'exit')];
  let share = Number.NaN;
  while (child.exitCode === null && child.signalCode === null) {
    const cpuSeconds = mainThreadCpuOf(child.pid!);
    if (cpuSeconds !== undefined) share = (cpuSeconds * 1000) / (performance.now() - beganMs);
    await Promise.race([ended, delay(LOOK_EVERY_MS)]);
  }
  return share;
}
