import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** SIGHUP's place in a mask of signals. */
const HANGUP = 1n;

/**
 * Whether we were started so that the end of a terminal doesn't concern us (`nohup`). Node.js takes up signals again that it
 * should ignore (20.20: `PlatformInit`), so its own mask doesn't tell. Two things do: the mask of the shell that started
 * us, which ignored the signal as well, and output that goes where `nohup` sends it.
 *
 * @param parent process id
 */
export function isHangupIgnored(parent: number): boolean {
  return ignoresHangup('self') || ignoresHangup(String(parent)) || [1, 2].some(goesToNohup);
}

function ignoresHangup(process: string): boolean {
  try {
    const [, mask = '0'] = /^SigIgn:\s*([\da-f]+)$/m.exec(readFileSync(`/proc/${process}/status`, 'latin1')) ?? [];
    return (BigInt(`0x${mask}`) & HANGUP) !== 0n;
  } catch {
    // Another system, or no right to look.
    return false;
  }
}

function goesToNohup(fd: number): boolean {
  try {
    return basename(readlinkSync(`/proc/self/fd/${fd}`)) === 'nohup.out';
  } catch {
    return false;
  }
}
