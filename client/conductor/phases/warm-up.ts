import { restsAtLevels } from '../../../core/behaviours/behaviours.ts';
import { RigError } from '../../../core/values/errors.ts';
import { LEAST_TO_FIND, PaceFinder } from '../../../core/values/pace.ts';
import { warmUpRounds } from '../../../core/values/plan.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import type { LegCourse } from '../leg-course.ts';
import { check } from '../watch.ts';
import { drain, moveTo, untilTaken } from './ramp.ts';
import { isAll } from './whole.ts';

/** A warm-up is drained in some ms, unless the target takes its time to close. */
const UNANSWERED_MS = 900;

/** Connections come and go, so that what only the first ones cost is paid before the baseline. */
export async function warmUp(course: LegCourse): Promise<void> {
  const { leg, fleet, meters, acceptance, targetIsLocal } = course.context;
  course.enter('warm-up', leg.warmUp);
  const readings = await meters.read({ list: true });
  await acceptance.begin(readings);
  const rounds = warmUpRounds(leg, readings.target?.pids.length ?? 1, targetIsLocal);
  const isToBeFound = course.context.pace.isToBeFound && leg.warmUp >= LEAST_TO_FIND;
  const finder = isToBeFound ? new PaceFinder(course.perSecond) : undefined;
  for (let round = 0; round < rounds; round++) {
    const sinceMs = performance.now();
    if (leg.warmUp > 0) await moveTo(course, leg.warmUp, finder?.next ?? course.perSecond);
    if (finder) await noteRound(course, finder, sinceMs);
    // Once is enough to find out whether it takes any at all.
    if (leg.warmUp > 0 && round === 0) await untilWarm(course);
    const drainedAtMs = performance.now();
    await drain(course);
    const { unanswered } = fleet.tally();
    if (unanswered > 0) {
      course.warn(toWarning('WUNANSWERED', { unanswered, of: fleet.tally().closed }));
      return;
    }
    // A target that does not close what its clients close keeps what it has: more rounds would only make it larger, slowly.
    if (performance.now() - drainedAtMs > UNANSWERED_MS) return;
  }
  if (finder) course.keepPace(finder.found);
}

/** A round lasts until the target has accepted all of it; a look by itself takes a few ms, and doesn't count. */
async function noteRound({ context }: LegCourse, finder: PaceFinder, sinceMs: number): Promise<void> {
  const { acceptance, leg, watched } = context;
  for (;;) {
    const tookMs = performance.now() - sinceMs;
    const taken = await acceptance.look(leg.warmUp);
    const isTaken = taken !== null && isAll(leg.warmUp, taken);
    if (taken === null || isTaken || tookMs > finder.mostMs(leg.warmUp)) {
      const drops = (await acceptance.turnedAway())?.drops ?? 0;
      finder.opened(leg.warmUp, tookMs, isTaken && drops === 0);
      return;
    }
    await check(leg.warmUp, watched);
  }
}

/**
 * Connections that have to say something before they are taken say it here, too. A queue that overflows while a server is
 * cold may do for the levels; whatever else keeps it from taking these would keep it from the first level as well.
 */
async function untilWarm(course: LegCourse): Promise<void> {
  const { acceptance, fleet, leg } = course.context;
  if (isAll(leg.warmUp, await acceptance.look(leg.warmUp))) return;
  fleet.setTalking(!restsAtLevels(leg.behaviour.kind));
  await untilTaken(course, leg.warmUp).catch((error: unknown) => {
    if (!(error instanceof RigError) || error.code !== 'EBACKLOG') throw error;
    course.warn(toWarning('WBACKLOG', { message: error.message }));
  });
  fleet.setTalking(false);
}
