import { userBytesOf } from '../../core/ledger/ledger.ts';
import { ledgerAt } from '../../core/ledger/run-ledger.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { MemoryPoint, RunFile } from '../../core/schemas/record.ts';
import { type DrainPoint, FLOOR_FILES, retainedInUserSpace, retainedOver } from '../../core/stats/retained.ts';

type Drain = LegSummary['drains'][number];

/**
 * What a leg was left with each time that no connection was open, and what each closed one left of it.
 *
 * @param points of one leg in one launch, in the order in which they were taken
 */
export function keptOf(
  run: RunFile,
  points: readonly MemoryPoint[],
  baseline: MemoryPoint | undefined,
): Pick<LegSummary, 'retained' | 'drains'> {
  const [before] = baseline ? drainsOf(run, [baseline], baseline) : [];
  const after = drainsOf(
    run,
    points.filter(({ phase }) => phase === 'retained'),
    baseline,
  );
  const drains = before ? [before, ...after] : after;
  return { drains, retained: before ? retainedOf(drains) : null };
}

/** Those at which the target's memory was told. */
function drainsOf(run: RunFile, points: readonly MemoryPoint[], baseline: MemoryPoint | undefined): Drain[] {
  const closedBefore = baseline?.progress.counts.closed ?? 0;
  return points.flatMap((point) => {
    const bytes = userBytesOf(point.readings);
    if (bytes === null) return [];
    return [
      {
        cycle: point.phase === 'baseline' ? 0 : point.cycle + 1,
        closedConnections: point.progress.counts.closed - closedBefore,
        bytes,
        kernelBytes: ledgerAt(run, baseline, point).kernel,
        openFiles: point.readings.target?.openFiles ?? null,
      },
    ];
  });
}

function retainedOf(drains: readonly Drain[]): LegSummary['retained'] {
  const user = retainedInUserSpace(drains);
  if (!user) return null;
  const files = retainedOver(knownOf(drains, 'openFiles'), FLOOR_FILES);
  return {
    ...user,
    kernel: retainedOver(knownOf(drains, 'kernelBytes')) ?? null,
    files: files ? { perClosedConnection: files.bytesPerClosedConnection, low: files.low, high: files.high } : null,
    firstCycleBytes: retainedOver(drains.slice(0, 2))?.bytesPerClosedConnection ?? null,
  };
}

/** None when any drain lacks it. */
function knownOf(drains: readonly Drain[], name: 'kernelBytes' | 'openFiles'): DrainPoint[] {
  const known = drains.flatMap(({ closedConnections, [name]: value }) =>
    value === null ? [] : [{ closedConnections, bytes: value }],
  );
  return known.length === drains.length ? known : [];
}
