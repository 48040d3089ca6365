import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { ENTRY_FIELD, FleetOrder } from './messages.ts';
import { heard, type Voice } from './said.ts';

/** While Redis isn't there, it is asked again after so long. */
const AGAIN_MS = 250;
/** No answer for so long is asked for again, so that one that got lost on the way is not waited for. */
const BLOCK_MS = 5000;
const ENTRIES_AT_ONCE = 100;

type Entry = [id: string, fields: string[]];

interface Listener {
  readonly take: (order: FleetOrder) => void;
  /** Told once: an entry that no conductor of this run can have written. It is left out. */
  readonly onForeign: () => void;
}

/**
 * Reads the newest order, then each one that comes; of several at once the last, since each is whole. Ends when `signal` says so.
 *
 * @param redis a connection for this alone: it waits
 */
export async function followOrders(
  redis: Redis,
  key: string,
  voice: Voice,
  { take, onForeign }: Listener,
  signal: AbortSignal,
): Promise<void> {
  let after = '0';
  let isTold = false;
  /** Where to look for the newest order, until one was found: others may have written behind it. */
  let before: string | undefined = '+';
  /** @param entries the newest first */
  const takeNewest = (entries: readonly Entry[]): boolean => {
    for (const [, fields] of entries) {
      const order = heard(FleetOrder, fields[fields.indexOf(ENTRY_FIELD) + 1], 'order', voice);
      if (order === undefined && !isTold) onForeign();
      if (order === undefined) isTold = true;
      else {
        if (!signal.aborted) take(order);
        return true;
      }
    }
    return false;
  };
  while (!signal.aborted) {
    try {
      if (before !== undefined) {
        const entries: Entry[] = await redis.xrevrange(key, before, '-', 'COUNT', ENTRIES_AT_ONCE);
        if (before === '+') after = entries[0]?.[0] ?? after;
        const isOver = takeNewest(entries) || entries.length < ENTRIES_AT_ONCE;
        before = isOver ? undefined : `(${entries.at(-1)![0]}`;
      } else {
        const read = await redis.xread('COUNT', ENTRIES_AT_ONCE, 'BLOCK', BLOCK_MS, 'STREAMS', key, after);
        const entries: Entry[] = read?.[0]?.[1] ?? [];
        after = entries.at(-1)?.[0] ?? after;
        takeNewest(entries.reverse());
      }
    } catch {
      await delay(AGAIN_MS);
    }
  }
}
