import { once } from 'node:events';
import { join } from 'node:path';
import { readRun } from '../../../report/fold/read-run.ts';
import { firstArrivals, startArrivals } from './arrivals.ts';
import type { Stage } from './stage.ts';

const RAMPS = 12;
const CONNECTIONS = 2400;
const PER_SECOND = 2000;
/** Between two ramps nobody comes for longer. */
const PAUSE_MS = 250;

/**
 * How far the workers of a stage begin from when they are to: for each ramp the time between the first that came too early and the last that
 * came too late, in ms, seen at the target by its clock. Each has its own moment, so that they don't open in step.
 */
export async function measureSkews(stage: Stage): Promise<number[]> {
  const arrivals = await startArrivals(stage);
  const run = stage.run(
    'skew',
    ...[
      arrivals.url,
      '--fleet-workers',
      `${stage.workers.length}`,
      '--connections',
      `${CONNECTIONS}`,
      '--levels',
      `${RAMPS}`,
      '--rate',
      `${PER_SECOND}/s`,
    ],
    ...['--rest', '1s', '--settle-timeout', '0s', '--quiet'],
  );
  await once(run, 'exit');
  const shares = readRun(join(stage.folder, 'skew')).run.generator.legs[0]?.shares ?? [];
  const shareOf = new Map(
    shares.map(({ host }, share) => [stage.workers.find(({ place }) => place.name === host)?.place.ip, share]),
  );
  const plannedMs = (ip: string): number => (shareOf.get(ip)! * 1000) / PER_SECOND;
  return firstArrivals(arrivals.seen, PAUSE_MS)
    .filter((ramp) => ramp.size === stage.workers.length)
    .map((ramp) => {
      const late = [...ramp].map(([ip, atMs]) => atMs - plannedMs(ip));
      return Math.max(...late) - Math.min(...late);
    });
}
