import type { Redis } from 'ioredis';
import { monotonicClock } from '../local/shared.ts';

/** Redis is there again. */
export interface RedisBack {
  /** How long the connection to it was gone. */
  readonly awayMs: number;
  /** It came back without what was in it, so all of the run was said to it anew. */
  readonly isEmpty: boolean;
}

/** @param onBack called each time that a connection is there again; it comes back by itself */
export function watchGaps(redis: Redis, onBack: (awayMs: number) => void): void {
  const now = monotonicClock();
  let goneAtMs: number | undefined;
  redis.on('close', () => {
    goneAtMs ??= now();
  });
  redis.on('ready', () => {
    if (goneAtMs !== undefined) onBack(now() - goneAtMs);
    goneAtMs = undefined;
  });
}
