import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Collects this thread's garbage now, which takes some milliseconds. For what lies outside the heap in large pieces: V8 lets some
 * 100 MB of that gather before it looks.
 */
export function reclaim(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
