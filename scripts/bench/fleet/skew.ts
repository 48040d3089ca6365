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
 * How far apart workers begin, for each ramp in ms, as the target sees it by its clock. Each has a moment of its own, so that they don't open
 * in step: what counts is how late it is by that.
 */
export async function measureSkews(stage: Stage): Promise<number[]> {
  const arrivals = await startArrivals(stage);
  const run = stage.run(
    'skew',
    ...stage.overWorkers(),
    ...[arrivals.url, '--connections', `${CONNECTIONS}`, '--levels', `${RAMPS}`, '--rate', `${PER_SECOND}/s`],
    ...['--rest', '1s', '--settle-timeout', '0s'],
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
