import { Session } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';
import { trimMalloc } from './malloc.ts';

const ROUNDS = 2;

/**
 * Collects everything that can be collected, in this process, and gives the pages back.
 *
 * V8's "low memory" collection, reached through node's own inspector (no start flag, no port): it repeats full
 * collections until nothing more is freed and shrinks the young generation. `gc()` of `--expose-gc` doesn't: the
 * young generation then stays as large as the last burst made it, some 20 MB that look like the cost of connections.
 * The turn in between lets finalizers run, which free what lies outside the heap; the second round frees what only
 * they held. Takes about 20 ms and 10 µs per connection, during which nothing else runs.
 */
export async function collectGarbage(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise<void>((resolve, reject) => {
        session.post('HeapProfiler.collectGarbage', (error) => (error ? reject(error) : resolve()));
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    session.disconnect();
  }
  // All threads share one malloc, and the main one collects last.
  if (isMainThread) await trimMalloc();
}
