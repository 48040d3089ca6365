import type { Connections } from '../behaviours/behaviour.ts';
import type { Engine } from '../engines/engine.ts';
import type { Slots } from './slots.ts';

/** What a behaviour may do with a worker's connections; sending and closing are counted by who holds them. */
export const connectionsOver = (
  slots: Slots,
  engine: Engine,
  { send, close, wanted, share, replace }: Pick<Connections, 'send' | 'close' | 'wanted' | 'share' | 'replace'>,
): Connections => ({
  capacity: slots.capacity,
  nextOpen: (after) => slots.nextOpen(after),
  send,
  close,
  wanted,
  share,
  replace,
  pauseReading: (slot) => engine.pauseReading(slot),
  resumeReading: (slot) => engine.resumeReading(slot),
});
