import type { MemoryPoint, RunFile } from '../schemas/record.ts';
import { type Ends, keptSocketsOf } from './kernel-rows.ts';
import { type Ledger, ledgerOf } from './ledger.ts';

/**
 * The ledger of a run at a moment: both ends are arranged where they can be looked into.
 *
 * @param baseline of the same leg and launch; without one the moment itself stands in, so that at least `user` is known
 * @param point `level` connections are open at both ends; after a drain the target's end has what it never closed
 */
export function ledgerAt(
  run: RunFile,
  baseline: Pick<MemoryPoint, 'readings'> | undefined,
  point: Pick<MemoryPoint, 'leg' | 'level' | 'readings'> & Partial<Pick<MemoryPoint, 'phase'>>,
): Ledger {
  const isLinux = run.environment.platform === 'linux';
  const isHere = isLinux && (run.generator.legs[point.leg]?.targetIsLocal ?? false);
  const isSeen = isHere || point.readings.remote !== null;
  const client = isLinux ? point.level : null;
  const family = run.plan.legs[point.leg]?.family ?? 'inet';
  if (!isSeen || !baseline)
    return ledgerOf((baseline ?? point).readings, point.readings, { target: null, client, family });
  const ends =
    point.phase === 'retained'
      ? drainedEnds(baseline, point, { client, family })
      : { target: point.level, client, family };
  return ledgerOf(baseline.readings, point.readings, ends);
}

/** What a target holds with nothing open isn't known where nobody counts its descriptors. */
function drainedEnds(
  baseline: Pick<MemoryPoint, 'readings'>,
  { readings }: Pick<MemoryPoint, 'readings'>,
  { client, family }: Required<Pick<Ends, 'client' | 'family'>>,
): Ends {
  const kept = keptSocketsOf(baseline.readings, readings, family);
  return { target: kept, client, family, isDrained: kept !== null };
}
