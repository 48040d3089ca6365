import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Summary } from '../../core/schemas/summary.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import { type RunRecord, readRun } from '../../report/fold/read-run.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { type Stage, whyNoHosts, withStage } from './fleet/stage.ts';
import { mainShareUntilEnd } from './main-thread.ts';

const WORKERS = 4;
const COMMAND = (connections: number): string[] => [
  '--protocol',
  'ws',
  '--connections',
  `${connections}`,
  '--levels',
  '6',
];
const MILLION = 1_000_000;

export const fleetMillion: BenchPart = {
  name: 'fleet-million',
  method: `\`connrig run ${COMMAND(MILLION).join(' ')}\` over ${WORKERS} workers, each in a network namespace of its own, and by one process. Each comes twice on this machine, where a process may open 20,000 files: over, by one, by one, over. Its own server is at the conductor. Ramps are those of the quicker run. The first run of all takes memory that the machine has not touched before: it took 233 s by one process, and 169 s as the second.`,
  measure: () => compareAt(MILLION),
};

/** The same levels of so many connections over workers and by one process. */
function compareAt(connections: number): Promise<Figure[]> {
  if (whyNoHosts() !== undefined) throw new Error(`hosts of their own can't be made here: ${whyNoHosts()}`);
  return withStage(WORKERS, async (stage) => {
    const overWorkers = [...stage.overWorkers(), '--listen', stage.conductor.ip];
    const over = [await carriedOut(stage, 'over-1', connections, overWorkers)];
    const alone = [await carriedOut(stage, 'alone-1', connections, [])];
    alone.push(await carriedOut(stage, 'alone-2', connections, []));
    over.push(await carriedOut(stage, 'over-2', connections, overWorkers));
    return figuresOf(quicker(over), quicker(alone), connections);
  });
}

const quicker = (runs: readonly Carried[]): Carried =>
  runs.reduce((best, run) => (run.rampSeconds < best.rampSeconds ? run : best));

interface Carried {
  readonly summary: Summary;
  readonly rampSeconds: number;
  /** What the main thread took of a core. */
  readonly mainShare: number;
}

async function carriedOut(stage: Stage, name: string, connections: number, how: readonly string[]): Promise<Carried> {
  const run = stage.run(name, ...COMMAND(connections), ...how);
  const mainShare = await mainShareUntilEnd(run);
  const folder = join(stage.folder, name);
  const summary = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
  return { summary, mainShare, rampSeconds: secondsRamping(readRun(folder)) };
}

function secondsRamping({ events }: RunRecord): number {
  const phases = events.filter((event) => event.type === 'phase');
  const ramps = phases.flatMap(({ phase, elapsedMs }, i) =>
    phase === 'ramp' ? [(phases[i + 1]?.elapsedMs ?? elapsedMs) - elapsedMs] : [],
  );
  return ramps.reduce((sum, ms) => sum + ms / 1000, 0);
}

function figuresOf(over: Carried, alone: Carried, connections: number): Figure[] {
  const leg = over.summary.legs[0]!;
  const failed = leg.attempts - leg.outcomes.open;
  const census = leg.levels.at(-1)?.censusOpen ?? 0;
  const slower = over.rampSeconds / alone.rampSeconds;
  return [
    { what: 'attempts that failed', value: humanCount(failed), target: '0', holds: failed === 0 },
    {
      what: 'open at the top level by the census of the target',
      value: humanCount(census),
      target: humanCount(connections),
      holds: census === connections,
    },
    ...(['user', 'kernel', 'total'] as const).map((kind) => costOf(kind, over, alone)),
    {
      what: 'ramps, all six: over workers, by one process',
      value: `${over.rampSeconds.toFixed(0)} s, ${alone.rampSeconds.toFixed(0)} s (${slower.toFixed(2)})`,
      target: '≤ 1.15 of it',
      holds: slower <= 1.15,
    },
    {
      what: "the conductor's main thread",
      value: `${(over.mainShare * 100).toFixed(1)} % of a core`,
      target: '≤ 3 %',
      holds: over.mainShare <= 0.03,
    },
  ];
}

function costOf(kind: 'user' | 'kernel' | 'total', over: Carried, alone: Carried): Figure {
  const [one, other] = [over, alone].map(({ summary }) => summary.legs[0]!.perConnection?.[kind]?.bytes ?? Number.NaN);
  const apart = Math.abs(one! / other! - 1);
  return {
    what: `${kind} memory per connection: over workers, by one process`,
    value: `${humanBytes(one!)}, ${humanBytes(other!)} (${(apart * 100).toFixed(1)} %)`,
    target: '≤ 5 % apart',
    holds: apart <= 0.05,
  };
}
