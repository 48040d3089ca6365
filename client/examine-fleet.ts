import type { RunConfig } from '../config/run-config.ts';
import { RigError } from '../core/values/errors.ts';
import { peakOf } from '../core/values/plan.ts';
import { humanBytes, humanCount, humanMs } from '../core/values/units.ts';
import { type FleetFound, lookAtFleet } from '../fleet/remote/look-at-fleet.ts';
import type { RedisFound } from '../fleet/remote/look-at-redis.ts';
import { fleetCapacity } from './conductor/leg-course.ts';
import type { RunDeps } from './deps.ts';
import { remoteLayoutOf, remoteOf } from './fleet-options.ts';
import type { LegSetup } from './leg-setup.ts';
import { takenByEach } from './preflight/check-plan.ts';

/** `note`: worth knowing, and nothing to be done. */
export type FleetJudgement = 'ok' | 'note' | 'fail';

export interface FleetFinding {
  readonly what: 'redis' | 'memory-policy' | 'memory' | 'persistence' | 'workers' | 'versions' | 'clocks';
  readonly ok: FleetJudgement;
  readonly sentence: string;
  /** What to paste or to do; empty: nothing. */
  readonly remedy: string;
}

/** What there is of a fleet, held against the leg that asks most of it. */
export interface ExaminedFleet extends Omit<FleetFound, 'refusals'> {
  readonly findings: readonly FleetFinding[];
  /** The first thing a run would be refused for. */
  readonly error: RigError | undefined;
}

/** A beat is late when an answer takes so long; leases are far from it. */
const SLOW_MS = 50;
/** What a share may take in Redis, generously; see docs/fleet.md. */
const BYTES_PER_SHARE = 2 ** 20;
/** Days are told by people who compare logs. */
const APART_MS = 1000;

/** @throws RigError EFLEETPEER, EFLEETREDIS */
export async function examineFleet(
  config: RunConfig,
  setups: readonly LegSetup[],
  { version }: Pick<RunDeps, 'version'>,
): Promise<ExaminedFleet> {
  const setup = setups.reduce((most, one) => (peakOf(one.leg) > peakOf(most.leg) ? one : most));
  const found = await lookAtFleet(remoteOf(config, setup, version), {
    capacity: fleetCapacity(setup.leg),
    takes: takenByEach(setup),
    destinations: Array.from({ length: setup.destinations }),
    layout: remoteLayoutOf(setup, config.workers),
  });
  const { refusals, ...told } = found;
  const findings = [...redisFindings(found.redis, found.workers.length), ...workerFindings(found, config)];
  return { ...told, findings, error: refusals[0] ?? redisError(found.redis) };
}

/** One of the keys that are thrown away may be a lease. */
const isEvicting = ({ memoryPolicy }: RedisFound): boolean => memoryPolicy !== null && memoryPolicy !== 'noeviction';

function redisError(redis: RedisFound): RigError | undefined {
  if (!isEvicting(redis)) return undefined;
  return new RigError('EFLEETREDIS', policyFinding(redis).sentence, { hint: policyFinding(redis).remedy });
}

function redisFindings(redis: RedisFound, workers: number): FleetFinding[] {
  const { version, medianMs, longestMs } = redis;
  return [
    {
      what: 'redis',
      ok: medianMs > SLOW_MS ? 'note' : 'ok',
      sentence: `${version}; a round trip takes ${humanMs(medianMs)}, the longest of fifty ${humanMs(longestMs)}`,
      remedy: '',
    },
    policyFinding(redis),
    memoryFinding(redis, workers),
    persistenceFinding(redis),
  ];
}

function policyFinding(redis: RedisFound): FleetFinding {
  const what = 'memory-policy';
  if (!isEvicting(redis)) return { what, ok: 'ok', sentence: redis.memoryPolicy ?? 'not told', remedy: '' };
  const sentence = `maxmemory-policy is ${redis.memoryPolicy}: where its memory is full it throws away leases and reports`;
  return { what, ok: 'fail', sentence, remedy: 'redis-cli config set maxmemory-policy noeviction' };
}

function memoryFinding({ usedBytes, mostBytes }: RedisFound, workers: number): FleetFinding {
  const what = 'memory';
  if (usedBytes === null || mostBytes === null) return { what, ok: 'note', sentence: 'not told', remedy: '' };
  if (mostBytes === 0) return { what, ok: 'ok', sentence: `${humanBytes(usedBytes)} used, no bound`, remedy: '' };
  const needed = usedBytes + Math.max(1, workers) * BYTES_PER_SHARE;
  return {
    what,
    ok: needed > mostBytes ? 'note' : 'ok',
    sentence: `${humanBytes(usedBytes)} used of ${humanBytes(mostBytes)}`,
    remedy: needed > mostBytes ? `redis-cli config set maxmemory ${2 * needed}` : '',
  };
}

function persistenceFinding({ appendsToFile, saves }: RedisFound): FleetFinding {
  const what = 'persistence';
  if (appendsToFile)
    return { what, ok: 'ok', sentence: 'appends to a file: shares outlive a restart of it', remedy: '' };
  const how = saves === null ? 'no append-only file' : saves === '' ? 'none' : 'snapshots alone';
  return { what, ok: 'note', sentence: `${how}: after a restart of it all shares begin anew`, remedy: '' };
}

function workerFindings(
  { workers, foreign, refusals, clock }: FleetFound,
  { fleetWorkers }: RunConfig,
): FleetFinding[] {
  const waiting = workers.filter(({ share }) => share === null);
  const wanted = fleetWorkers === undefined ? '' : `, ${humanCount(fleetWorkers)} wanted`;
  const known = waiting.map(({ room }) => room ?? Number.POSITIVE_INFINITY);
  const room = known.reduce((sum, one) => sum + one, 0);
  const counted = `${humanCount(waiting.length)} of ${humanCount(workers.length)} wait${wanted}, with room for ${
    Number.isFinite(room) ? humanCount(room) : 'any number of'
  } connections`;
  return [
    ...(refusals.length === 0 ? [{ what: 'workers' as const, ok: 'ok' as const, sentence: counted, remedy: '' }] : []),
    ...refusals.map(
      ({ message, hint }): FleetFinding => ({ what: 'workers', ok: 'fail', sentence: message, remedy: hint }),
    ),
    {
      what: 'versions',
      ok: foreign.length > 0 ? 'note' : 'ok',
      sentence: foreign.length > 0 ? `left out: ${foreign.join(', ')}` : 'all are of this one',
      remedy: foreign.length > 0 ? 'install the same version of connrig there, and start them anew' : '',
    },
    clockFinding([clock, ...workers.map((one) => one.clock)]),
  ];
}

function clockFinding(clocks: ReadonlyArray<{ readonly offsetMs: number; readonly spreadMs: number }>): FleetFinding {
  const offsets = clocks.map(({ offsetMs }) => offsetMs);
  const apartMs = Math.max(...offsets) - Math.min(...offsets);
  const spreadMs = Math.max(...clocks.map((clock) => clock.spreadMs));
  return {
    what: 'clocks',
    ok: apartMs > APART_MS ? 'note' : 'ok',
    sentence: `ramps begin within ${humanMs(spreadMs)} of each other; times of day are ${humanMs(apartMs)} apart, on which nothing depends`,
    remedy: '',
  };
}
