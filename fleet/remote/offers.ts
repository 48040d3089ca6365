import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { RigError } from '../../core/values/errors.ts';
import { humanCount } from '../../core/values/units.ts';
import { called } from './called.ts';
import { withoutPassword } from './load.ts';
import { fleetKeys, WorkerOffer } from './messages.ts';
import { type RoomPlan, roomOf, roomsOf, type WorkerRoom, weightOf } from './room.ts';
import { heard, toSpoken } from './said.ts';
import { looksSigned } from './seal.ts';
import { divide, type Portion, sumOf } from './split.ts';

/** A worker says every two seconds that it is there; one that hasn't for so long is gone. */
export const GONE_AFTER_MS = 8000;

/** Those of a run before may take a moment until they wait again. */
const AWAIT_MS = 10_000;
const LOOK_MS = 250;

/** All that have said lately what they offer, whether we understand each other or not. */
export interface Offers {
  readonly fit: readonly WorkerOffer[];
  /** Those of another version or with another token, by name. */
  readonly foreign: readonly string[];
}

/** By whom offers count: of this version, and signed with this token, where there is one. */
interface Asker {
  readonly version: string;
  readonly token: string | undefined;
}

interface Asked extends Asker {
  readonly url: string;
  readonly prefix: string;
  readonly workers: number | undefined;
}

/** A worker that waits, and what it has room for beside the others that were chosen. */
export interface ChosenWorker {
  readonly offer: WorkerOffer;
  readonly room: WorkerRoom;
}

/**
 * The ones with the most room among those that wait, so that all connections fit.
 *
 * @param nowMs the moment by the clock of Redis
 * @throws RigError EFLEETWORKERS where after a while there are too few, EFLEETMAX where these have too little room
 */
export async function awaitWorkers(
  redis: Redis,
  plan: RoomPlan & { readonly capacity: number },
  { url, prefix, workers, version, token }: Asked,
  nowMs: () => number,
): Promise<readonly ChosenWorker[]> {
  const until = nowMs() + AWAIT_MS;
  for (;;) {
    const offers = await readOffers(redis, fleetKeys(prefix).workers, nowMs(), { version, token });
    const chosen = chooseWaiting(offers, workers, plan);
    if (chosen && divide(plan.capacity, partsOf(chosen))) return chosen;
    if (nowMs() > until) throw chosen ? tooSmall(chosen, plan.capacity) : tooFew(offers, { url, workers, version });
    await delay(LOOK_MS);
  }
}

/** @returns why what waits now is too little for a plan; undefined where it is enough */
export function lackOf(
  offers: Offers,
  { workers, url, version }: Pick<Asked, 'workers' | 'url' | 'version'>,
  plan: RoomPlan & { readonly capacity: number },
): RigError | undefined {
  const chosen = chooseWaiting(offers, workers, plan);
  if (!chosen) return tooFew(offers, { workers, url, version });
  return divide(plan.capacity, partsOf(chosen)) ? undefined : tooSmall(chosen, plan.capacity);
}

function chooseWaiting({ fit }: Offers, workers: number | undefined, plan: RoomPlan): ChosenWorker[] | undefined {
  const waiting = fit.filter(({ share }) => share === null);
  if (waiting.length < (workers ?? 1)) return undefined;
  const room = new Map(
    waiting.map((offer) => [offer, Math.min(Number.MAX_SAFE_INTEGER, roomOf(offer, plan).connections)]),
  );
  const chosen = waiting
    .sort((a, b) => room.get(b)! - room.get(a)! || (a.worker < b.worker ? -1 : 1))
    .slice(0, workers);
  const rooms = roomsOf(chosen, plan);
  return chosen.map((offer, i) => ({ offer, room: rooms[i]! }));
}

/** What each may get, by its cores and its room; those on one machine have its cores together. */
export function partsOf(chosen: readonly ChosenWorker[]): Portion[] {
  return chosen.map(({ offer, room }) => {
    const neighbours = chosen.filter((other) => other.offer.machine === offer.machine).length;
    return { weight: weightOf(offer, neighbours), least: 0, most: room.connections };
  });
}

/** As it lies in Redis. */
export const sayOffer = (offer: WorkerOffer, token: string | undefined): string =>
  toSpoken(offer, 'offer', { token, run: '' });

/** The workers of a fleet that are there. @param nowMs by the clock of Redis */
export async function readOffers(
  redis: Redis,
  workersKey: string,
  nowMs: number,
  { version, token }: Asker,
): Promise<Offers> {
  const said = await redis.hgetall(workersKey);
  const fit: WorkerOffer[] = [];
  const foreign: string[] = [];
  for (const [name, text] of Object.entries(said)) {
    const offer = heard(WorkerOffer, text, 'offer', { token, run: '' });
    if (offer?.version === version && offer.worker === name) {
      if (nowMs - offer.seenAtMs < GONE_AFTER_MS) fit.push(offer);
    } else {
      const why = offer?.version === version ? 'another worker said it' : whyForeign(text, token);
      foreign.push(`${shown(name)} (${why})`);
    }
  }
  return { fit, foreign };
}

/** Anybody may have written it. */
const shown = (text: string): string => text.replace(/[^\w.:+-]/g, '?').slice(0, 64);

function whyForeign(text: string, token: string | undefined): string {
  const raw = asJson(text.replace(/^[\w-]{43} /, ''));
  if (typeof raw !== 'object' || raw === null || !('version' in raw)) return 'unreadable';
  if (looksSigned(text) !== (token !== undefined)) return token === undefined ? 'it has a token' : 'it has no token';
  const isOurs = token === undefined || heard(ANYTHING, text, 'offer', { token, run: '' }) !== undefined;
  return isOurs ? `connrig ${shown(String(raw.version))}` : 'it has another token';
}

const ANYTHING = z.looseObject({});

/** Names each worker and what bounds it; the hint is for the narrowest, so that it would get what is missing. */
function tooSmall(chosen: readonly ChosenWorker[], capacity: number): RigError {
  const rooms = chosen.map(({ room }) => room).sort((a, b) => a.connections - b.connections);
  const all = sumOf(rooms.map(({ connections }) => connections));
  const each = rooms.map((room) => `${called(room)} for ${humanCount(room.connections)} (${room.bounds[0]?.sentence})`);
  const sentence = `${humanCount(capacity)} connections are wanted, and the workers have room for ${humanCount(all)}: ${each.join('; ')}`;
  const [{ host, connections, bounds }] = rooms as [WorkerRoom];
  const hint = bounds[0]!.hint(connections + capacity - all);
  return new RigError('EFLEETMAX', sentence, { hint: `on ${host}: ${hint}; or one more worker` });
}

/** Too few workers, and who there is. */
function tooFew({ fit, foreign }: Offers, { url, workers, version }: Omit<Asked, 'prefix' | 'token'>): RigError {
  const busy = fit.filter(({ share }) => share !== null).map(({ worker, run }) => `${worker} (busy with ${run})`);
  const waiting = fit.filter(({ share }) => share === null).map(({ worker }) => worker);
  const wanted = workers ?? 1;
  const sentence = [
    `the fleet needs ${wanted} ${wanted === 1 ? 'worker' : 'workers'}, and ${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'}`,
    waiting.length > 0 ? `: ${waiting.join(', ')}` : '',
    busy.length > 0 ? `; not free: ${busy.join(', ')}` : '',
    foreign.length > 0 ? `; left out, while this is connrig ${version}: ${listed(foreign)}` : '',
  ].join('');
  return new RigError('EFLEETWORKERS', sentence, {
    hint: `connrig worker --redis ${withoutPassword(url)} on ${wanted - waiting.length === 1 ? 'one more machine' : `${wanted - waiting.length} more machines`}`,
  });
}

const LISTED_MOST = 10;
const listed = (names: readonly string[]): string =>
  names.length <= LISTED_MOST
    ? names.join(', ')
    : `${names.slice(0, LISTED_MOST).join(', ')} and ${names.length - LISTED_MOST} more`;

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
