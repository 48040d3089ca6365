import { listTree } from '../memory/process-tree.ts';
import type { Read } from './option.ts';

const PID = /^[1-9]\d{0,9}$/;

/**
 * A process id, or what `pidof` says of a server that runs as several processes. The one that started the others stands for
 * all of them, as their memory is counted with its own.
 *
 * @param descendants ids of a process and all that descend from it
 */
export function readPid(
  given: string,
  descendants = (pid: number): readonly number[] => listTree([pid]),
): Read<number> {
  const words = given.trim().split(/[\s,]+/);
  const wrong = words.find((word) => !PID.test(word));
  if (wrong !== undefined) return { problem: `"${wrong}" is not a process id` };
  const pids = [...new Set(words.map(Number))];
  if (pids.length === 1) return { value: pids[0]! };
  const root = startedAll(pids, descendants);
  return root === undefined
    ? {
        problem: `none of ${pids.join(', ')} started all the others: name one of them, whose children are measured too`,
      }
    : { value: root };
}

function startedAll(pids: readonly number[], descendants: (pid: number) => readonly number[]): number | undefined {
  try {
    return pids.find((pid) => {
      const tree = new Set(descendants(pid));
      return pids.every((one) => tree.has(one));
    });
  } catch {
    // No /proc to ask.
    return undefined;
  }
}
