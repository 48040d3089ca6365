import type { Connections } from '../behaviours/behaviour.ts';
import type { Engine } from '../engines/engine.ts';
import type { Slots } from './slots.ts';

/** What a behaviour may do with a worker's connections; what it does to them is counted by who holds them. */
export const connectionsOver = (
  slots: Slots,
  engine: Engine,
  acts: Pick<
    Connections,
    'send' | 'close' | 'wanted' | 'share' | 'replace' | 'cut' | 'comeBack' | 'vanish' | 'dropVanished'
  >,
): Connections => ({
  capacity: slots.capacity,
  nextOpen: (after) => slots.nextOpen(after),
  ...acts,
  pauseReading: (slot) => engine.pauseReading(slot),
  resumeReading: (slot) => engine.resumeReading(slot),
});
