/** How far the clock of this process is from that of Redis, which all machines of a fleet have in common. */
import type { Redis } from 'ioredis';
import { monotonicClock } from '../local/shared.ts';

const now = monotonicClock();
const ROUND_TRIPS = 50;
/** How long an offset is good for: clocks of machines drift by 50 µs a second at the most. */
const ASK_EVERY_MS = 10_000;

export interface RedisOffset {
  /** What is to be added to a moment by {@link monotonicClock} to have it by the clock of Redis, in ms. */
  readonly offsetMs: number;
  /** The offset is right within half of it: the shortest round trip. */
  readonly spreadMs: number;
}

/** The best of fifty: in the shortest round trip Redis was asked nearest to its middle. */
export async function measureOffset(redis: Redis): Promise<RedisOffset> {
  let best: RedisOffset = { offsetMs: 0, spreadMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const sentAtMs = now();
    const [seconds, micros] = await redis.time();
    const spreadMs = now() - sentAtMs;
    const offsetMs = Number(seconds) * 1000 + Number(micros) / 1000 - (sentAtMs + spreadMs / 2);
    if (spreadMs < best.spreadMs) best = { offsetMs, spreadMs };
  }
  return best;
}

/** The same of the time of day on this machine, which need not be right. */
export const wallClockOf = ({ offsetMs, spreadMs }: RedisOffset): RedisOffset => ({
  offsetMs: roundedMs(offsetMs - (Date.now() - now())),
  spreadMs: roundedMs(spreadMs),
});

const roundedMs = (ms: number): number => Math.round(ms * 1000) / 1000;

/** An offset that is measured again and again, until `stop`. */
export interface RedisClock {
  readonly now: () => RedisOffset;
  stop(): void;
}

/** This moment by the clock of Redis, in ms. */
export const byRedis = (clock: RedisClock): number => now() + clock.now().offsetMs;

/** @throws what Redis said, where it could not be asked the first time; later the last offset stays in force */
export async function followOffset(redis: Redis): Promise<RedisClock> {
  let offset = await measureOffset(redis);
  const timer = setInterval(async () => {
    offset = await measureOffset(redis).catch(() => offset);
  }, ASK_EVERY_MS);
  return { now: () => offset, stop: () => clearInterval(timer) };
}
