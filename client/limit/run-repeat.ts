import type { RunConfig } from '../../config/run-config.ts';
import type { MemoryCrossing } from '../../core/limit/memory-crossing.ts';
import { watchMemory } from '../conductor/memory-limit.ts';
import type { RunDeps } from '../deps.ts';
import { run } from '../run.ts';

/** How one run of a search ended. */
export interface Repeated {
  readonly folder: string;
  /** Why it was ended before it was through; undefined where memory sufficed. */
  readonly crossing: MemoryCrossing | undefined;
  /** What else ended it early. */
  readonly error: unknown;
}

/**
 * One run, which ends where the target takes more than it may, or this machine has next to nothing left.
 *
 * @throws RigError EOUT: see {@link run}
 */
export async function runRepeat(config: RunConfig, deps: RunDeps, limitBytes: number | undefined): Promise<Repeated> {
  const ending = new AbortController();
  let crossing: MemoryCrossing | undefined;
  const watch = watchMemory(limitBytes, (found) => {
    crossing = found;
    ending.abort();
  });
  const { folder, error } = await run(config, {
    ...deps,
    signal: AbortSignal.any([deps.signal, ending.signal]),
    observers: [...deps.observers, watch],
  });
  return { folder, crossing, error };
}
