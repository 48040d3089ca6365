import { isStill } from '../../../core/behaviours/descriptor.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import { isAtLevel, type LegCourse } from '../leg-course.ts';
import { refreshed } from '../obeyed.ts';
import { untilAccepted } from '../until-accepted.ts';
import { check, waitFor } from '../watch.ts';
import { untilNoneIsStray } from './whole.ts';

/** A target that takes longer to accept is told of: no latency shows that. */
const LATE_MS = 1000;
/** As fast as the window allows; workers of a lane begin one after the other at this pace. */
export const DRAIN_PER_SECOND = 50_000;

/** Until exactly `wanted` connections are open, none on the way in or out. */
export async function moveTo({ context }: LegCourse, wanted: number, perSecond: number): Promise<void> {
  const { fleet, watched } = context;
  let isConfirmed = false;
  void fleet.confirmed(fleet.pursue(wanted, perSecond)).then(() => {
    isConfirmed = true;
  });
  // Workers that are starting, or busy, take orders up late: an interruption is seen all the same.
  await waitFor((tally) => isConfirmed && isAtLevel(tally, wanted), Math.max(1, wanted), watched);
}

export const drain = (course: LegCourse): Promise<void> => moveTo(course, 0, DRAIN_PER_SECOND);

/** Up to a level, and until the target has accepted all of it. */
export async function ramp(course: LegCourse, level: number): Promise<void> {
  course.enter('ramp', level);
  const { fleet } = course.context;
  const before = fleet.tally().outcomes.open;
  const startedAtMs = performance.now();
  await moveTo(course, level, course.perSecond);
  course.ramped(performance.now() - startedAtMs, fleet.tally().outcomes.open - before);
  await untilTaken(course, level);
}

/** Before that a level isn't whole for the target. */
export async function untilTaken(course: LegCourse, level: number): Promise<void> {
  const { acceptance, fleet, openTimeoutMs: timeoutMs, watched } = course.context;
  const tookMs = await untilAccepted({
    level,
    timeoutMs,
    look: () => check(level, watched),
    taken: () => acceptance.look(level),
    areOpen: async () => {
      const before = fleet.tally();
      await refreshed(course, level);
      if (isStill(before, fleet.tally()) && isAtLevel(fleet.tally(), level)) return true;
      await waitFor((tally) => isAtLevel(tally, level), level, watched);
      return false;
    },
    causeOf: (taken) => acceptance.causeOf(level, taken, timeoutMs),
  });
  await untilNoneIsStray(course, level);
  if (tookMs < LATE_MS || course.isKnownLate) return;
  course.isKnownLate = true;
  course.warn(toWarning('WLATE', { level, tookMs }));
}
