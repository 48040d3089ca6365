import { freemem, totalmem } from 'node:os';
import type { MemoryCrossing } from '../../core/limit/memory-crossing.ts';
import type { RunObserver } from '../observer.ts';

/** So much of the machine is left alone, whatever a target may take: without it the kernel ends processes as it likes. */
const LEFT_SHARE = 0.05;
const LEFT_MOST_BYTES = 512 * 2 ** 20;

/**
 * Looks at memory with each tick of a run.
 *
 * @param limitBytes of the target's memory; undefined: it has none
 * @param onCrossing called once, for the first that passes its limit
 * @param readFree bytes that this machine has left
 */
export function watchMemory(
  limitBytes: number | undefined,
  onCrossing: (crossing: MemoryCrossing) => void,
  readFree: () => number = freemem,
): RunObserver {
  const leftBytes = Math.min(LEFT_MOST_BYTES, totalmem() * LEFT_SHARE);
  let isOver = false;
  const cross = (crossing: MemoryCrossing): void => {
    if (!isOver) onCrossing(crossing);
    isOver = true;
  };
  return {
    runFile() {},
    event() {},
    sample(sample) {
      if (sample.type !== 'tick') return;
      const { targetBytes } = sample;
      if (limitBytes !== undefined && targetBytes !== null && targetBytes > limitBytes) {
        cross({ of: 'target', bytes: targetBytes, limitBytes });
      }
      const freeBytes = readFree();
      if (freeBytes < leftBytes) cross({ of: 'machine', bytes: freeBytes, limitBytes: leftBytes });
    },
  };
}
