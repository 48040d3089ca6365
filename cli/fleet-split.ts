import type { LegSetup } from '../client/leg-setup.ts';
import { checkFleet } from '../client/preflight/check-fleet.ts';
import type { RunConfig } from '../config/run-config.ts';
import { RigError } from '../core/values/errors.ts';
import { humanCount } from '../core/values/units.ts';
import type { ProspectiveShare } from '../fleet/remote/ask-fleet.ts';
import { alignColumns } from './aligned-columns.ts';
import type { CliDeps } from './deps.ts';

/** How a run would be split over the workers of a fleet that wait now, or why it would not. */
export interface FleetSplit {
  /** By leg. */
  readonly legs: ReadonlyArray<{ readonly name: string; readonly shares: readonly ProspectiveShare[] }>;
  readonly problem: RigError | undefined;
}

/** @throws what is no problem of the fleet */
export async function splitOf(setups: readonly LegSetup[], config: RunConfig, deps: CliDeps): Promise<FleetSplit> {
  try {
    const splits = await checkFleet(setups, config, deps);
    return { legs: splits.map((shares, i) => ({ name: setups[i]!.leg.name, shares })), problem: undefined };
  } catch (problem) {
    if (!(problem instanceof RigError)) throw problem;
    return { legs: [], problem };
  }
}

/** A table for each leg. */
export function splitText({ legs }: FleetSplit): string {
  return legs
    .map(({ name, shares }) => {
      const rows = shares.map(({ worker, host, connections, room, bound }) => [
        worker,
        host,
        humanCount(connections),
        room === null ? 'no bound is known' : humanCount(room),
        bound ?? '',
      ]);
      const table = alignColumns([['worker', 'host', 'would get', 'has room for', 'by'], ...rows], [2, 3]);
      return `leg ${name} over the workers that wait:\n${table.replace(/^/gm, '  ')}`;
    })
    .join('\n\n');
}
