import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collector = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;
let collector: Collector | undefined;

/**
 * A forced collection needs no start flag: V8 gives `gc` to contexts made after `expose-gc` is set. Called once at the
 * start, so that the context this takes is part of the baseline.
 */
export function prepareCollector(): void {
  if (collector) return;
  setFlagsFromString('--expose-gc');
  collector = runInNewContext('gc') as Collector;
}

/**
 * Collects everything that can be collected, in this process. "last-resort" repeats full collections until nothing
 * more is freed and gives pages back. The turn in between lets finalizers run, which free what lies outside the heap;
 * the second round then frees what only they held.
 */
export async function collectGarbage(): Promise<void> {
  prepareCollector();
  for (let round = 0; round < 2; round++) {
    collector?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
