import { readFileSync } from 'node:fs';

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
