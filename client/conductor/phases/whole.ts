import { setTimeout as delay } from 'node:timers/promises';
import type { Taken } from '../../../core/ledger/taken.ts';
import type { Readings } from '../../../core/schemas/readings.ts';
import type { Tally } from '../../../fleet/wire.ts';
import { isAtLevel, type LegCourse } from '../leg-course.ts';
import { check, waitFor } from '../watch.ts';

/** A connection that floods is ended by then. What is opened in its place may begin anew; that isn't waited for. */
const CALM_WAIT_MS = 15_000;
const STRAYS_LOOK_MS = 250;

export const isAll = (level: number, taken: Taken | null): boolean => taken === null || taken.connections >= level;

/** Whether the target has the whole level and no more, by what was read, as far as that tells. */
export function isWhole(course: LegCourse, level: number, readings: Readings): boolean {
  const taken = course.context.acceptance.takenOf(level, readings);
  return isAll(level, taken) && straysIn(course, taken) === 0;
}

/**
 * Connections beyond the level that may be ours: those of a worker that was lost and has not said that it let go. It may be frozen, and
 * its kernel keeps them open.
 */
const straysIn = ({ context }: LegCourse, taken: Taken | null): number =>
  context.fleet.hasStrays?.() ? (taken?.surplus ?? 0) : 0;

/** Until the target has no more than the level, or a leg has waited for that long enough. */
export async function untilNoneIsStray(course: LegCourse, level: number): Promise<void> {
  const { acceptance, fleet, watched } = course.context;
  while (fleet.hasStrays?.() && course.patienceForStraysMs > 0) {
    const sinceMs = performance.now();
    course.strays = straysIn(course, await acceptance.look(level));
    if (course.strays === 0) return;
    await check(level, watched);
    await delay(STRAYS_LOOK_MS);
    course.patienceForStraysMs -= performance.now() - sinceMs;
  }
}

/**
 * A connection whose peer sends without a pause takes the client's time, so it is in everybody's round trips, and it
 * won't be there at the end of a reading. So it is waited until it has been ended and replaced.
 */
export async function untilCalm({ context }: LegCourse, level: number): Promise<void> {
  const deadlineMs = performance.now() + CALM_WAIT_MS;
  const isCalm = (tally: Tally): boolean => tally.flooding === 0 && isAtLevel(tally, level);
  await waitFor((tally) => isCalm(tally) || performance.now() > deadlineMs, level, context.watched);
}
