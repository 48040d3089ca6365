import type { Slot } from '../protocols/protocol.ts';
import type { MarkNumbers } from './time-mark.ts';

/**
 * Whether a connection is one of a share. The share is spread evenly over places. Each worker begins a part of a step before the
 * next one. So of connections that lie in the first places of all workers, as many in each, the share is exact, to the nearest.
 * Where it comes to one connection, somebody has it.
 *
 * @param place slot, or the how many-th it is, from 0
 * @param marks of the worker: it is the `first`-th of `step`
 */
export function isOfShare(
  place: number,
  percent: number,
  { first, step }: Pick<MarkNumbers, 'first' | 'step'>,
): boolean {
  // The first workers have one connection more, where they don't have as many.
  const offset = 100 - (100 * first + 50) / step;
  const before = (places: number): number => Math.floor((places * percent + offset) / 100);
  return before(place + 1) > before(place);
}

/** The slot behind this one that has this value, round and round; −1: none has. */
export function nextWith(values: Uint8Array, value: number, after: Slot): Slot {
  const found = values.indexOf(value, after + 1);
  return found >= 0 ? found : values.indexOf(value);
}
