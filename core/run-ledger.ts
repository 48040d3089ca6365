import { type Ledger, ledgerOf } from './ledger.ts';
import type { MemoryPoint, RunFile } from './record.ts';

/**
 * The ledger of a run at a moment: both ends are arranged where they can be looked into.
 *
 * @param baseline of the same leg and launch; without one the moment itself stands in, so that at least `user` is known
 * @param point `level` connections are open at both ends
 */
export function ledgerAt(
  run: RunFile,
  baseline: Pick<MemoryPoint, 'readings'> | undefined,
  point: Pick<MemoryPoint, 'leg' | 'level' | 'readings'>,
): Ledger {
  const isLinux = run.environment.platform === 'linux';
  const isHere = isLinux && (run.generator.legs[point.leg]?.targetIsLocal ?? false);
  const isSeen = isHere || point.readings.remote !== null;
  const ends = { target: isSeen && baseline ? point.level : null, client: isLinux ? point.level : null };
  return ledgerOf((baseline ?? point).readings, point.readings, ends);
}
