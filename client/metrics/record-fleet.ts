import { LEASES } from '../../core/schemas/share-state.ts';
import type { RunNow, RunRecorder } from './run-now.ts';

/** Workers on other machines, where a run has them. */
export function recordFleet(record: RunRecorder, { fleet, live }: RunNow): void {
  if (fleet === undefined) return;
  const { workers, shares, moves } = fleet;
  record('fleetMoves', moves);
  // Between legs nobody has any.
  if (live) for (const lease of LEASES) record('fleetShares', shares[lease], { lease });
  for (const { host, worker, opened, cpuSeconds, now } of workers) {
    const labels = { host, worker };
    record('fleetOpened', opened, labels);
    record('fleetCpu', cpuSeconds, labels);
    if (now === undefined) continue;
    record('fleetOpen', now.open, labels);
    record('fleetRss', now.rssBytes, labels);
    record('fleetHeard', now.heardAgoMs / 1000, labels);
    record('fleetLateness', now.latenessMs === null ? null : now.latenessMs / 1000, labels);
    record('fleetClockOffset', now.clockOffsetMs / 1000, labels);
    record('fleetClockSpread', now.clockSpreadMs / 1000, labels);
  }
}
