import type { Connections } from '../behaviours/behaviour.ts';
import type { Engine } from '../engines/engine.ts';
import type { Slots } from './slots.ts';

/** What a behaviour may do with a worker's connections; sending and closing are counted by who holds them. */
export const connectionsOver = (
  slots: Slots,
  engine: Engine,
  { send, close }: Pick<Connections, 'send' | 'close'>,
): Connections => ({
  capacity: slots.capacity,
  nextOpen: (after) => slots.nextOpen(after),
  send,
  close,
  pauseReading: (slot) => engine.pauseReading(slot),
  resumeReading: (slot) => engine.resumeReading(slot),
  readSome: (slot, mostBytes) => engine.readSome(slot, mostBytes),
  isQueued: (slot) => engine.isQueued(slot),
  localEnd: (slot) => engine.localEnd(slot),
});
