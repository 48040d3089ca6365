import type { RunConfig } from '../../config/run-config.ts';
import { askFleet, type ProspectiveShare } from '../../fleet/remote/ask-fleet.ts';
import { fleetCapacity } from '../conductor/leg-course.ts';
import type { RunDeps } from '../deps.ts';
import { loopbackOf, remoteLayoutOf, remoteOf } from '../fleet-options.ts';
import type { LegSetup } from '../leg-setup.ts';
import { takenByEach } from './check-plan.ts';

/**
 * How each leg would be split over the workers that wait; none where this machine holds all. Nothing is started.
 *
 * @throws RigError as {@link askFleet} does
 */
export async function checkFleet(
  setups: readonly LegSetup[],
  config: RunConfig,
  { version }: Pick<RunDeps, 'version'>,
): Promise<ProspectiveShare[][]> {
  if (config.fleet === undefined) return [];
  const plans = setups.map((setup) => ({
    layout: remoteLayoutOf(setup, config.workers),
    takes: takenByEach(setup),
    destinations: Array.from({ length: setup.destinations }),
    capacity: fleetCapacity(setup.leg),
  }));
  const atLoopback = setups.find((setup) => loopbackOf(config, setup));
  return askFleet(plans, remoteOf(config, atLoopback ?? setups[0]!, version));
}
