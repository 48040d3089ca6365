import type { Slot } from '../protocols/protocol.ts';

/** Sockets that were told to stop reading, although they had more, so that others get their turn. */
export interface Unread {
  /** It had a whole buffer full, and has stopped. */
  add(slot: Slot): void;
  delete(slot: Slot): void;
  /** Those that have more to read, and since how long none of them could be read empty. */
  forEach(visit: (slot: Slot, forMs: number) => void): void;
}

/** One of them reads in each round of the loop, those that wait longest first. @param resume lets one read again */
export function createUnread(resume: (slot: Slot) => void): Unread {
  /** Since when. */
  const waiting = new Map<Slot, number>();
  /** The one that reads in this round. Unless it stops again there is nothing left in it. */
  let reading: Slot | undefined;
  let readingSinceMs = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    // Between two immediates the loop looks at all sockets.
    setImmediate(readOn);
  }

  function readOn(): void {
    isScheduled = false;
    reading = undefined;
    for (const [slot, sinceMs] of waiting) {
      [reading, readingSinceMs] = [slot, sinceMs];
      waiting.delete(slot);
      schedule();
      resume(slot);
      return;
    }
  }

  return {
    add(slot) {
      const sinceMs = slot === reading ? readingSinceMs : performance.now();
      if (slot === reading) reading = undefined;
      waiting.set(slot, sinceMs);
      schedule();
    },
    delete(slot) {
      waiting.delete(slot);
      if (slot === reading) reading = undefined;
    },
    forEach(visit) {
      const nowMs = performance.now();
      if (reading !== undefined) visit(reading, nowMs - readingSinceMs);
      for (const [slot, sinceMs] of waiting) visit(slot, nowMs - sinceMs);
    },
  };
}
