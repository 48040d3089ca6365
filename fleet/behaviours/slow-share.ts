import type { Slot } from '../protocols/protocol.ts';
import type { MarkNumbers } from './time-mark.ts';

/**
 * Whether the connection of a slot is one of a share. The share is spread evenly over slots. Each worker begins a part of a step
 * later than the one before it. So of connections that lie in the first slots of all workers, as many in each, the share is exact.
 *
 * @param marks of the worker: it is the `first`-th of `step`
 */
export function shareOfSlot(
  slot: Slot,
  sharePercent: number,
  { first, step }: Pick<MarkNumbers, 'first' | 'step'>,
): boolean {
  const before = slot * sharePercent + (100 * first) / step;
  return Math.floor((before + sharePercent) / 100) > Math.floor(before / 100);
}

/** The slot behind this one that has this value, round and round; −1: none has. */
export function nextWith(values: Uint8Array, value: number, after: Slot): Slot {
  const found = values.indexOf(value, after + 1);
  return found >= 0 ? found : values.indexOf(value);
}
