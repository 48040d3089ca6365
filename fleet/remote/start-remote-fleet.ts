import type { Fleet } from '../fleet.ts';
import { assertRedis } from './check-redis.ts';
import { loadRedis } from './load.ts';
import { refuseElsewhere } from './loopback.ts';
import { awaitWorkers } from './offers.ts';
import { byRedis, followOffset, type RedisClock } from './redis-clock.ts';
import { RemoteFleet } from './remote-fleet.ts';
import type { RemoteEvents, RemoteOptions, RemotePlan } from './remote-plan.ts';

/**
 * Finds workers that wait, gives each a share, and resolves when all are ready.
 *
 * @throws RigError EFLEETPEER, EFLEETREDIS, EFLEETWORKERS, EFLEETLOOPBACK; or what a worker refuses its share with
 */
export async function startRemoteFleet(plan: RemotePlan, events: RemoteEvents, remote: RemoteOptions): Promise<Fleet> {
  const libraries = await loadRedis(remote.url, remote.ca);
  const redis = libraries.connect();
  let clock: RedisClock | undefined;
  try {
    await assertRedis(redis, remote.url);
    const following = await followOffset(redis);
    clock = following;
    const workers = await awaitWorkers(redis, plan, remote, () => byRedis(following));
    refuseElsewhere(
      workers.map(({ offer }) => offer),
      remote.loopback,
    );
    const fleet = new RemoteFleet(plan, workers, events, remote, { redis, clock, libraries });
    try {
      await fleet.begin();
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  } catch (error) {
    clock?.stop();
    redis.disconnect();
    throw error;
  }
}
