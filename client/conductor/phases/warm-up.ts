import { setTimeout as delay } from 'node:timers/promises';
import { restsAtLevels } from '../../../core/behaviours/behaviours.ts';
import { RigError } from '../../../core/values/errors.ts';
import { PaceFinder } from '../../../core/values/pace.ts';
import { warmUpRounds } from '../../../core/values/plan.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import type { LegCourse } from '../leg-course.ts';
import { check } from '../watch.ts';
import { drain, moveTo, untilTaken } from './ramp.ts';
import { isAll } from './whole.ts';

/** A warm-up is drained in some ms, unless the target takes its time to close. */
const UNANSWERED_MS = 900;

/** Between two looks whether the target has accepted a round: nothing else of ours runs during one. */
const LOOK_MS = 4;

/** Connections come and go, so that what only the first ones cost is paid before the baseline. */
export async function warmUp(course: LegCourse): Promise<void> {
  await goThrough(course);
  if (course.context.pace.isOpen) course.leaveOutTimes();
}

async function goThrough(course: LegCourse): Promise<void> {
  const { leg, fleet, meters, acceptance, targetIsLocal } = course.context;
  course.enter('warm-up', leg.warmUp);
  const readings = await meters.read({ list: true });
  await acceptance.begin(readings);
  const rounds = warmUpRounds(leg, readings.target?.pids.length ?? 1, targetIsLocal);
  const { isOpen, isFound } = course.context.pace;
  const finder = isOpen && !isFound ? new PaceFinder(course.perSecond) : undefined;
  for (let round = 0; round < rounds; round++) {
    if (finder && !finder.isOver) await tryRound(course, finder);
    else if (leg.warmUp > 0) await moveTo(course, leg.warmUp, course.perSecond);
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

/** A round at the pace that the finder asks for. It lasts until the target has accepted all of it. */
async function tryRound(course: LegCourse, finder: PaceFinder): Promise<void> {
  const { leg, fleet, acceptance, watched } = course.context;
  const [sinceMs, failedBefore] = [performance.now(), fleet.tally().failed];
  const endTrial = course.beginTrial(leg.warmUp);
  await moveTo(course, leg.warmUp, finder.next);
  endTrial();
  for (;;) {
    // A look takes a few ms by itself, and doesn't count.
    const tookMs = performance.now() - sinceMs;
    const taken = await acceptance.look(leg.warmUp);
    const isTaken = taken !== null && isAll(leg.warmUp, taken);
    if (taken === null || isTaken || tookMs > finder.mostMs(leg.warmUp)) {
      const wentWrong = fleet.tally().failed > failedBefore || ((await acceptance.turnedAway())?.drops ?? 0) > 0;
      finder.opened(leg.warmUp, tookMs, isTaken && !wentWrong);
      return;
    }
    await check(leg.warmUp, watched);
    await delay(LOOK_MS);
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
