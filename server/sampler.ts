import type { RuntimeMemory } from '../core/schemas/admin.ts';
import { readOwnMemory } from '../memory/own-process.ts';

const SAMPLE_EVERY_MS = 1000;

/** Keeps the resident memory of the last moment without connections, to tell what the open ones cost now. */
export interface Sampler {
  /** Reads this process's memory now; O(1) in the number of connections. */
  take(): RuntimeMemory;
  /** null until the process was seen without a connection. */
  readonly idleRssBytes: number | null;
  stop(): void;
}

/** @param held connections this process has at the moment, in any state */
export function startSampler(held: () => number): Sampler {
  let idleRssBytes: number | null = null;

  function take(): RuntimeMemory {
    const memory = readOwnMemory();
    if (held() === 0) idleRssBytes = memory.rssBytes;
    return memory;
  }

  take();
  const timer = setInterval(take, SAMPLE_EVERY_MS);
  timer.unref();
  return {
    take,
    get idleRssBytes() {
      return idleRssBytes;
    },
    stop: () => clearInterval(timer),
  };
}
