import type { Slot } from '../protocols/protocol.ts';
import { Unread } from './unread.ts';

/** Sockets that were told to stop reading, although they had more, so that others get their turn. */
export interface NodeUnread extends Pick<Unread, 'delete' | 'forEach'> {
  /** It had a whole buffer full, and has stopped. */
  add(slot: Slot): void;
}

/** One of them reads in each round of the loop. @param resume lets it read again */
export function createNodeUnread(resume: (slot: Slot) => void): NodeUnread {
  const unread = new Unread();
  /** The one that reads in this round. Unless it stops again there is nothing left in it. */
  let reading: Slot | undefined;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || unread.size === 0) return;
    isScheduled = true;
    // Between two immediates the loop looks at all sockets.
    setImmediate(readOn);
  }

  function readOn(): void {
    isScheduled = false;
    if (reading !== undefined) unread.empty(reading);
    reading = unread.first();
    if (reading === undefined) return;
    resume(reading);
    schedule();
  }

  return {
    add(slot) {
      if (slot === reading) reading = undefined;
      unread.add(slot);
      schedule();
    },
    delete(slot) {
      if (slot === reading) reading = undefined;
      unread.delete(slot);
    },
    forEach: (visit) => unread.forEach(visit),
  };
}
