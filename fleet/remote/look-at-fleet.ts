import { RigError } from '../../core/values/errors.ts';
import { lookAtRedis, type RedisFound } from './look-at-redis.ts';
import { refuseElsewhere } from './loopback.ts';
import { meetRedis } from './meet-redis.ts';
import { fleetKeys, type WorkerOffer } from './messages.ts';
import { lackOf, readOffers } from './offers.ts';
import { byRedis, type RedisOffset, wallClockOf } from './redis-clock.ts';
import type { RemoteOptions } from './remote-plan.ts';
import { type RoomPlan, roomsOf } from './room.ts';

/** A worker that understands us. */
export interface WorkerFound
  extends Pick<
    WorkerOffer,
    | 'worker'
    | 'host'
    | 'version'
    | 'node'
    | 'engine'
    | 'cores'
    | 'memoryBytes'
    | 'memoryAvailableBytes'
    | 'descriptors'
    | 'ports'
    | 'sources'
    | 'most'
    | 'share'
    | 'run'
    | 'clock'
  > {
  /** Connections of the plan that it has room for beside the others; null: no bound is known. */
  readonly room: number | null;
  /** What bounds it first; null: nothing does. */
  readonly bound: string | null;
}

export interface FleetFound {
  readonly redis: RedisFound;
  /** How far the time of day here is from that of Redis. */
  readonly clock: RedisOffset;
  readonly workers: readonly WorkerFound[];
  /** Those of another version or another fleet, by name. */
  readonly foreign: readonly string[];
  /** What a run would be refused for, one for each reason. */
  readonly refusals: readonly RigError[];
}

/**
 * Looks what there is of a fleet before a run. Nothing is changed.
 *
 * @throws RigError EFLEETPEER, EFLEETREDIS
 */
export async function lookAtFleet(
  remote: RemoteOptions,
  plan: RoomPlan & { readonly capacity: number },
): Promise<FleetFound> {
  const { redis, clock, leave } = await meetRedis(remote);
  try {
    const offers = await readOffers(redis, fleetKeys(remote.prefix).workers, byRedis(clock), remote);
    const rooms = roomsOf(offers.fit, plan);
    const lack = lackOf(offers, remote, plan);
    const elsewhere = refusalOf(() => refuseElsewhere(offers.fit, remote.loopback));
    return {
      redis: await lookAtRedis(redis),
      clock: wallClockOf(clock.now()),
      workers: offers.fit.map((offer, i) => {
        const { connections, bounds } = rooms[i]!;
        return {
          worker: offer.worker,
          host: offer.host,
          version: offer.version,
          node: offer.node,
          engine: offer.engine,
          cores: offer.cores,
          memoryBytes: offer.memoryBytes,
          memoryAvailableBytes: offer.memoryAvailableBytes,
          descriptors: offer.descriptors,
          ports: offer.ports,
          sources: offer.sources,
          most: offer.most,
          share: offer.share,
          run: offer.run,
          clock: offer.clock,
          room: Number.isFinite(connections) ? connections : null,
          bound: bounds[0]?.sentence ?? null,
        };
      }),
      foreign: offers.foreign,
      refusals: [lack, elsewhere].filter((refusal) => refusal !== undefined),
    };
  } finally {
    leave();
  }
}

function refusalOf(refuse: () => void): RigError | undefined {
  try {
    refuse();
    return undefined;
  } catch (error) {
    if (error instanceof RigError) return error;
    throw error;
  }
}
