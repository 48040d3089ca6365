import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { WIRE_VERSION } from '../wire.ts';
import { fleetKeys, WorkerOffer } from './messages.ts';
import { splitByRoom } from './split.ts';

/** A worker says every two seconds that it is there; one that hasn't for so long is gone. */
const GONE_AFTER_MS = 8000;

/** Those of a run before may take a moment until they wait again. */
const AWAIT_MS = 10_000;
const LOOK_MS = 250;

/** All that have said lately what they offer, whether we understand each other or not. */
export interface Offers {
  readonly fit: readonly WorkerOffer[];
  /** Those of another version, by name. */
  readonly foreign: readonly string[];
}

interface Asked {
  readonly url: string;
  readonly prefix: string;
  readonly workers: number | undefined;
  readonly version: string;
}

/**
 * The ones with the most room among those that wait, so that all connections fit.
 *
 * @param nowMs the moment by the clock of Redis
 * @throws RigError EFLEETWORKERS where after a while there are too few, or these have too little room
 */
export async function awaitWorkers(
  redis: Redis,
  capacity: number,
  { url, prefix, workers, version }: Asked,
  nowMs: () => number,
): Promise<readonly WorkerOffer[]> {
  const until = nowMs() + AWAIT_MS;
  for (;;) {
    const offers = await readOffers(redis, fleetKeys(prefix).workers, nowMs(), version);
    const chosen = chooseWaiting(offers, workers);
    if (chosen && splitByRoom(capacity, chosen.map(roomOf))) return chosen;
    if (nowMs() > until) throw chosen ? tooSmall(chosen, capacity) : tooFew(offers, { url, workers, version });
    await delay(LOOK_MS);
  }
}

function chooseWaiting({ fit }: Offers, workers: number | undefined): WorkerOffer[] | undefined {
  const waiting = fit.filter(({ share }) => share === null);
  const room = (offer: WorkerOffer): number => roomOf(offer) ?? Number.MAX_SAFE_INTEGER;
  if (waiting.length < (workers ?? 1)) return undefined;
  return waiting.sort((a, b) => room(b) - room(a) || (a.worker < b.worker ? -1 : 1)).slice(0, workers);
}

/** The workers of a fleet that are there. @param nowMs by the clock of Redis */
export async function readOffers(redis: Redis, workersKey: string, nowMs: number, version: string): Promise<Offers> {
  const said = await redis.hgetall(workersKey);
  const fit: WorkerOffer[] = [];
  const foreign: string[] = [];
  for (const [name, text] of Object.entries(said)) {
    const raw = asJson(text);
    const theirs = typeof raw === 'object' && raw !== null && 'version' in raw ? String(raw.version) : 'unknown';
    const wire = typeof raw === 'object' && raw !== null && 'wire' in raw ? raw.wire : undefined;
    const read = WorkerOffer.safeParse(raw);
    if (theirs !== version || wire !== WIRE_VERSION || !read.success) foreign.push(`${name} (connrig ${theirs})`);
    else if (nowMs - read.data.seenAtMs < GONE_AFTER_MS) fit.push(read.data);
  }
  return { fit, foreign };
}

/** The most connections that it can hold; null: no bound is known. */
export function roomOf({ most, descriptors }: Pick<WorkerOffer, 'most' | 'descriptors'>): number | null {
  if (most === null) return descriptors;
  return descriptors === null ? most : Math.min(most, descriptors);
}

function tooSmall(chosen: readonly WorkerOffer[], capacity: number): RigError {
  const each = chosen.map((offer) => `${offer.worker} for ${roomOf(offer)}`).join(', ');
  const sentence = `${capacity} connections are wanted, and the workers have room for fewer: ${each}`;
  return new RigError('EFLEETWORKERS', sentence, { hint: 'ulimit -n 1000000 before connrig worker' });
}

/** Too few workers, and who there is. */
function tooFew({ fit, foreign }: Offers, { url, workers, version }: Omit<Asked, 'prefix'>): RigError {
  const busy = fit.filter(({ share }) => share !== null).map(({ worker, run }) => `${worker} (busy with ${run})`);
  const waiting = fit.filter(({ share }) => share === null).map(({ worker }) => worker);
  const wanted = workers ?? 1;
  const sentence = [
    `the fleet needs ${wanted} ${wanted === 1 ? 'worker' : 'workers'}, and ${waiting.length} ${waiting.length === 1 ? 'waits' : 'wait'}`,
    waiting.length > 0 ? `: ${waiting.join(', ')}` : '',
    busy.length > 0 ? `; not free: ${busy.join(', ')}` : '',
    foreign.length > 0 ? `; of another version than ${version}: ${foreign.join(', ')}` : '',
  ].join('');
  return new RigError('EFLEETWORKERS', sentence, {
    hint: `connrig worker --redis ${url} on ${wanted - waiting.length === 1 ? 'one more machine' : `${wanted - waiting.length} more machines`}`,
  });
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
