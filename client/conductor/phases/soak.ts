import { followsRest, restsAtLevels } from '../../../core/behaviours/behaviours.ts';
import { peakOf } from '../../../core/values/plan.ts';
import type { LegCourse } from '../leg-course.ts';
import { rest, settle } from '../settle.ts';
import { check } from '../watch.ts';
import { replaceWhile } from './churn.ts';
import { type GoingOn, goOn } from './go-on.ts';
import { drain, ramp } from './ramp.ts';
import { untilCalm } from './whole.ts';

/** Readings however long it takes: more would tell no more of a trend. */
const READINGS_MOST = 600;
const LEAST_EVERY_MS = 500;

/** Holds the top level for hours, with what its connections do, and reads its memory each so often. */
export async function soak(course: LegCourse, level: number): Promise<void> {
  const { soakMs, leg, goingOn } = course.context;
  if (soakMs === undefined) return;
  const pastMs = goingOn?.heldMs ?? 0;
  const going: GoingOn = {
    phase: 'soak',
    level,
    forMs: soakMs,
    pastMs,
    everyMs: Math.max(LEAST_EVERY_MS, soakMs / READINGS_MOST),
    // Garbage would hide what stays; over hours the pauses are few.
    collects: true,
  };
  course.enter('soak', level, soakMs, pastMs);
  if (followsRest(leg.behaviour.kind)) await replaceWhile(course, going);
  else await goOn(course, going);
}

/**
 * What is left of a soak that was interrupted. The level is opened again, comes to rest, and goes on. Nothing else is read of it: levels
 * and baseline are those from before, and this process of the target may be another one.
 */
export async function goOnSoaking(course: LegCourse): Promise<void> {
  const { acceptance, fleet, leg, meters, restMs, settleTimeoutMs, watched } = course.context;
  const level = peakOf(leg);
  const look = (): Promise<void> => check(level, watched);
  await acceptance.begin(await meters.read({ list: true }));
  fleet.setTalking(!restsAtLevels(leg.behaviour.kind));
  await ramp(course, level);
  await untilCalm(course, level);
  course.enter('settle', level);
  await rest(restMs, look);
  await settle({
    read: (after) => meters.read(after ? { after } : { gc: true }),
    timeoutMs: settleTimeoutMs,
    look,
    talks: true,
  });
  await soak(course, level);
  fleet.setTalking(false);
  course.enter('drain', 0);
  await drain(course);
}
