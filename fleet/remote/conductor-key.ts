/** How workers know that a run still has a conductor: it says so each second, and what was said before is nothing new. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { monotonicClock } from '../local/shared.ts';
import { WIRE_VERSION } from '../wire.ts';
import { ConductorBeat } from './messages.ts';
import { byRedis, type RedisClock } from './redis-clock.ts';
import { heard, toSpoken, type Voice } from './said.ts';

/** Workers drain when they haven't heard of a conductor for so long. */
export const ALIVE_FOR_MS = 15_000;
/** The key ends of itself. So long it is then still waited for: Redis may be new. */
const PATIENCE_MS = 3000;
const LOOK_MS = 1000;

/** Says that the conductor lives. @param beat grows each time */
export async function sayAlive(
  redis: Redis,
  key: string,
  { epoch, beat, atMs }: Pick<ConductorBeat, 'epoch' | 'beat' | 'atMs'>,
  voice: Voice,
): Promise<void> {
  const message: ConductorBeat = { wire: WIRE_VERSION, epoch, beat, atMs };
  await redis.set(key, toSpoken(message, 'conductor', voice), 'PX', ALIVE_FOR_MS);
}

interface Watcher {
  /** Called once, when a conductor was heard of that lives now: what was kept of an old run says nothing. */
  readonly onThere: () => void;
  readonly onGone: () => void;
}

/** Only an answer of Redis tells that nobody conducts: where there is none, the fence decides. */
export async function watchConductor(
  redis: Redis,
  key: string,
  clock: RedisClock,
  voice: Voice & { readonly epoch: number },
  signal: AbortSignal,
  { onThere, onGone }: Watcher,
): Promise<void> {
  const now = monotonicClock();
  let lastBeat: number | undefined;
  let aliveAtMs = now();
  let goneSinceMs: number | undefined;
  while (!signal.aborted) {
    const text = await redis.get(key).catch(() => undefined);
    const said = heard(ConductorBeat, text, 'conductor', voice);
    // The clock counts at first alone: Redis may move to a machine with another one.
    const isFresh = (beat: ConductorBeat): boolean =>
      lastBeat === undefined ? Math.abs(byRedis(clock) - beat.atMs) < ALIVE_FOR_MS : beat.beat > lastBeat;
    if (said !== undefined && said.epoch >= voice.epoch && isFresh(said)) {
      if (lastBeat === undefined) onThere();
      lastBeat = said.beat;
      aliveAtMs = now();
    }
    const isSilent = text !== undefined && now() - aliveAtMs > ALIVE_FOR_MS;
    if (isSilent || (text === null && lastBeat !== undefined)) goneSinceMs ??= now();
    else if (text !== undefined) goneSinceMs = undefined;
    if (goneSinceMs !== undefined && now() - goneSinceMs > PATIENCE_MS) return onGone();
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
