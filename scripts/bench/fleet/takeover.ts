import { setTimeout as delay } from 'node:timers/promises';
import { mostOpen, openAt, startArrivals } from './arrivals.ts';
import { isOver, type Stage } from './stage.ts';

const ROUNDS = 6;
const CONNECTIONS = 400;
const BACK_WITHIN_MS = 60_000;
/** Leases are renewed each two seconds: kills are spread over that, and over the time between two looks for lost ones. */
const SPREAD_MS = 1700;
const LOOK_MS = 50;

export interface Takeovers {
  readonly connections: number;
  /** From each SIGKILL until the target had the first connection of the other worker, in ms; and until it had all. */
  readonly firstMs: readonly number[];
  readonly allMs: readonly number[];
  /** The most that the target had at once. */
  readonly most: number;
}

/** Kills workers that hold a share, one after the other, in a run over two shares with one worker to spare. */
export async function measureTakeovers(stage: Stage): Promise<Takeovers> {
  const arrivals = await startArrivals(stage);
  const { seen } = arrivals;
  const run = stage.run(
    'takeover',
    ...stage.overWorkers(stage.workers.length - 1),
    ...[arrivals.url, '--connections', `${CONNECTIONS}`, '--levels', '1'],
    ...['--rate', '4k/s', '--soak', '30m', '--settle-timeout', '0s'],
  );
  const isWhole = (): boolean => [...openAt(seen).values()].reduce((sum, count) => sum + count, 0) === CONNECTIONS;
  const untilWhole = async (): Promise<void> => {
    const untilMs = performance.now() + BACK_WITHIN_MS;
    while (!isWhole()) {
      if (performance.now() > untilMs || isOver(run)) throw new Error('the share did not come back');
      await delay(LOOK_MS);
    }
  };
  await untilWhole();
  const [firstMs, allMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    // All have renewed since, and the one that was started anew waits.
    await delay(4000 + round * SPREAD_MS);
    const open = openAt(seen);
    const victim = stage.workers.find(({ place }) => (open.get(place.ip) ?? 0) > 0)!;
    const from = seen.length;
    const killedAtMs = performance.timeOrigin + performance.now();
    victim.kill();
    await delay(500);
    await untilWhole();
    const back = seen.slice(from).filter(([change]) => change > 0);
    firstMs.push(back[0]![2] - killedAtMs);
    allMs.push(back.at(-1)![2] - killedAtMs);
    await victim.start();
  }
  run.kill('SIGINT');
  return { connections: CONNECTIONS, firstMs, allMs, most: mostOpen(seen) };
}
