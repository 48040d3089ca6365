import { refuseElsewhere } from './loopback.ts';
import { meetRedis } from './meet-redis.ts';
import { awaitWorkers, partsOf } from './offers.ts';
import { byRedis } from './redis-clock.ts';
import type { RemoteOptions } from './remote-plan.ts';
import type { RoomPlan } from './room.ts';
import { divide } from './split.ts';

/** A worker that waits, and what it would get of a plan. */
export interface ProspectiveShare {
  readonly worker: string;
  readonly host: string;
  readonly connections: number;
  /** The most that it has room for, and what bounds it; null: no bound is known. */
  readonly room: number | null;
  readonly bound: string | null;
}

/**
 * Asks the workers that wait how plans would be split over them, each by itself. Nothing is given to anybody.
 *
 * @throws RigError EFLEETPEER, EFLEETREDIS; EFLEETWORKERS where too few wait; EFLEETMAX where they have too little room, with each and its bound; EFLEETLOOPBACK
 */
export async function askFleet(
  plans: ReadonlyArray<RoomPlan & { readonly capacity: number }>,
  remote: RemoteOptions,
): Promise<ProspectiveShare[][]> {
  const { redis, clock, leave } = await meetRedis(remote);
  try {
    const splits: ProspectiveShare[][] = [];
    for (const plan of plans) {
      const chosen = await awaitWorkers(redis, plan, remote, () => byRedis(clock));
      refuseElsewhere(
        chosen.map(({ offer }) => offer),
        remote.loopback,
      );
      const parts = divide(plan.capacity, partsOf(chosen))!;
      splits.push(
        chosen.map(({ room: { worker, host, connections, bounds } }, i) => ({
          worker,
          host,
          connections: parts[i]!,
          room: Number.isFinite(connections) ? connections : null,
          bound: bounds[0]?.sentence ?? null,
        })),
      );
    }
    return splits;
  } finally {
    leave();
  }
}
