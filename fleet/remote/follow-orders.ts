import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { ENTRY_FIELD, FleetOrder } from './messages.ts';

/** While Redis isn't there, it is asked again after so long. */
const AGAIN_MS = 250;
/** No answer for so long is asked for again, so that one that got lost on the way is not waited for. */
const BLOCK_MS = 5000;

type Entry = [id: string, fields: string[]];

/**
 * Reads the newest order, then each one that comes; of several at once the last, since each is whole. Ends when `signal` says so.
 *
 * @param redis a connection for this alone: it waits
 * @throws RigError EFLEETPLAN when an order can't be read
 */
export async function followOrders(
  redis: Redis,
  key: string,
  take: (order: FleetOrder) => void,
  signal: AbortSignal,
): Promise<void> {
  let after = '0';
  const takeLast = (entries: readonly Entry[] | undefined): void => {
    const last = entries?.at(-1);
    if (last === undefined) return;
    after = last[0];
    if (!signal.aborted) take(readOrder(last));
  };
  let isNewest = true;
  while (!signal.aborted) {
    let entries: readonly Entry[] | undefined;
    try {
      // Those that came before this share was taken up are in the newest one.
      entries = isNewest
        ? await redis.xrevrange(key, '+', '-', 'COUNT', 1)
        : (await redis.xread('COUNT', 100, 'BLOCK', BLOCK_MS, 'STREAMS', key, after))?.[0]?.[1];
      isNewest = false;
    } catch {
      await delay(AGAIN_MS);
    }
    takeLast(entries);
  }
}

function readOrder([, fields]: Entry): FleetOrder {
  try {
    return FleetOrder.parse(JSON.parse(fields[fields.indexOf(ENTRY_FIELD) + 1] ?? ''));
  } catch (cause) {
    const hint = 'have the same version of connrig everywhere';
    throw new RigError('EFLEETPLAN', 'an order of the run can not be read', { hint, cause });
  }
}
