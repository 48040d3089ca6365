import { Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { trimMalloc } from './malloc.ts';

const MOST_ROUNDS = 2;
/** Growth of a process's RSS, since its first collection. */
const TRIM_FROM_BYTES = 16 * 2 ** 20;

/**
 * Collects everything that can be collected, in this process, and gives the pages back.
 *
 * V8's "low memory" collection, reached through node's own inspector (no start flag, no port): it repeats full
 * collections until nothing more is freed and shrinks the young generation. `gc()` of `--expose-gc` doesn't: the
 * young generation then stays as large as the last burst made it, some 20 MB that look like the cost of connections.
 * The turn after it lets finalizers run, which free what lies outside the heap. Where native objects have gone, a second
 * round frees what only they held. A round takes about 10 ms and 5 µs per connection, during which nothing else runs.
 */
export async function collectGarbage(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = handleBytes();
      await new Promise<void>((resolve, reject) => {
        session.post('HeapProfiler.collectGarbage', (error) => (error ? reject(error) : resolve()));
      });
      await new Promise((resolve) => setImmediate(resolve));
      if (handleBytes() >= before) break;
    }
  } finally {
    session.disconnect();
  }
  // All threads share one malloc, and the main one collects last.
  if (isMainThread && hasGrown()) await trimMalloc();
}

/** Handles by which native objects hold on to the heap, in both directions. */
const handleBytes = (): number => getHeapStatistics().used_global_handles_size;

let firstRssBytes: number | undefined;

/**
 * Each collection takes some of malloc's pages anew that a trim gave back before: 100 KiB to and fro, which is more than a
 * few connections cost. So there has to be more to gain.
 */
function hasGrown(): boolean {
  const rssBytes = process.memoryUsage.rss();
  firstRssBytes ??= rssBytes;
  return rssBytes - firstRssBytes >= TRIM_FROM_BYTES;
}
