import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A small shell that ends a process group when we are gone without having done so, SIGKILL included: our end of its
 * stdin is closed by the kernel then. Any POSIX shell can do it, without privilege, and unlike PR_SET_PDEATHSIG it takes
 * in what the group started and a cgroup.
 */
export interface Watchdog {
  /** What it watches over: a process group by its leader's id. */
  guard(group: number): void;
  /** All is over: it goes without doing anything. */
  dismiss(): Promise<void>;
}

/** $1 is a cgroup folder, or empty. First line: the group. A second line: all is well. The end instead: we are gone. */
const SCRIPT = `
read -r group || exit 0
read -r over && exit 0
kill -s TERM -- "-$group" 2>/dev/null
left=10
while [ $left -gt 0 ] && kill -s 0 -- "-$group" 2>/dev/null; do sleep 1; left=$((left - 1)); done
kill -s KILL -- "-$group" 2>/dev/null
left=10
while [ -n "$1" ] && [ -d "$1" ] && [ $left -gt 0 ]; do
  while read -r pid; do kill -s KILL "$pid" 2>/dev/null; done < "$1/cgroup.procs"
  rmdir "$1" 2>/dev/null || sleep 1
  left=$((left - 1))
done
`;

/** @param cgroupFolder to be emptied and removed as well; empty: none */
export function startWatchdog(cgroupFolder: string): Watchdog {
  const child: ChildProcess = spawn('/bin/sh', ['-c', SCRIPT, 'sh', cgroupFolder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in the terminal is not for it.
    detached: true,
  });
  const ended = once(child, 'exit').catch(() => {});
  child.stdin!.on('error', () => {});
  return {
    guard: (group) => child.stdin!.write(`${group}\n`),
    async dismiss() {
      child.stdin!.end('over\nover\n');
      await ended;
    },
  };
}
