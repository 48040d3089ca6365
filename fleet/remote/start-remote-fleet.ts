import type { Fleet } from '../fleet.ts';
import { refuseElsewhere } from './loopback.ts';
import { meetRedis } from './meet-redis.ts';
import { awaitWorkers } from './offers.ts';
import { byRedis } from './redis-clock.ts';
import { RemoteFleet } from './remote-fleet.ts';
import type { RemoteEvents, RemoteOptions, RemotePlan } from './remote-plan.ts';

/**
 * Finds workers that wait, gives each a share, and resolves when all are ready.
 *
 * @throws RigError EFLEETPEER, EFLEETREDIS, EFLEETWORKERS, EFLEETLOOPBACK; or what a worker refuses its share with
 */
export async function startRemoteFleet(plan: RemotePlan, events: RemoteEvents, remote: RemoteOptions): Promise<Fleet> {
  const { leave, ...links } = await meetRedis(remote);
  try {
    const { redis, clock } = links;
    const workers = await awaitWorkers(redis, plan, remote, () => byRedis(clock));
    refuseElsewhere(
      workers.map(({ offer }) => offer),
      remote.loopback,
    );
    const fleet = new RemoteFleet(plan, workers, events, remote, links);
    try {
      await fleet.begin();
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  } catch (error) {
    leave();
    throw error;
  }
}
