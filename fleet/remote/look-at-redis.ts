import type { Redis } from 'ioredis';

/** What a Redis says of itself, as far as a fleet depends on it; null where it doesn't tell, or not us. */
export interface RedisFound {
  readonly version: string;
  /** A round trip: in the middle, and the longest of fifty. */
  readonly medianMs: number;
  readonly longestMs: number;
  /** What it throws away where its memory is full. */
  readonly memoryPolicy: string | null;
  readonly usedBytes: number | null;
  /** 0: no bound but that of its machine. */
  readonly mostBytes: number | null;
  readonly appendsToFile: boolean | null;
  /** When it writes all to a file, as `save` has it; empty: never. */
  readonly saves: string | null;
  readonly clients: number | null;
}

const ROUND_TRIPS = 50;

/** @throws what Redis said */
export async function lookAtRedis(redis: Redis): Promise<RedisFound> {
  const took: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const sentAtMs = performance.now();
    await redis.time();
    took.push(performance.now() - sentAtMs);
  }
  took.sort((a, b) => a - b);
  const info = await redis.info();
  const of = (name: string): string | null => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
  const numberOf = (name: string): number | null => (of(name) === null ? null : Number(of(name)));
  // An ACL user may not ask for it.
  const saves = await redis.config('GET', 'save').catch(() => null);
  return {
    version: of('redis_version') ?? 'unknown',
    medianMs: took[ROUND_TRIPS / 2]!,
    longestMs: took.at(-1)!,
    memoryPolicy: of('maxmemory_policy'),
    usedBytes: numberOf('used_memory'),
    mostBytes: numberOf('maxmemory'),
    appendsToFile: of('aof_enabled') === null ? null : of('aof_enabled') === '1',
    saves: Array.isArray(saves) ? String(saves[1] ?? '') : null,
    clients: numberOf('connected_clients'),
  };
}
