import { followsRest, isSteadyWith } from '../../../core/behaviours/behaviours.ts';
import { isStill } from '../../../core/behaviours/descriptor.ts';
import type { MemoryPoint } from '../../../core/schemas/record.ts';
import type { Talk } from '../../../core/schemas/talk.ts';
import { lossSentence } from '../../../core/values/loss-sentences.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import { isAtLevel, type LegCourse, receivedBetween } from '../leg-course.ts';
import { refreshed } from '../obeyed.ts';
import { waitFor } from '../watch.ts';
import { measure } from './measure.ts';
import { untilTaken } from './ramp.ts';
import { untilCalm } from './whole.ts';

/** Replacing lost connections and reading again: this often, then the level yields no memory point. */
const HOLD_TRIES = 3;

/**
 * A level counts only when it was whole, at both ends, from before the first to after the last reading.
 *
 * @returns the point that it yielded; undefined where it never held still
 */
export async function hold(course: LegCourse, level: number, talk: Talk | null): Promise<MemoryPoint | undefined> {
  const { fleet, leg, watched } = course.context;
  for (let tries = 0; tries < HOLD_TRIES; tries++) {
    await untilCalm(course, level);
    course.enter('settle', level);
    await refreshed(course, level);
    const [before, sinceMs] = [fleet.tally(), performance.now()];
    const { kind } = leg.behaviour;
    const isSteady = followsRest(kind) ? isStill : isSteadyWith(kind);
    const point = await measure(course, 'hold', level, {
      talk,
      isStill: () => isSteady(before, fleet.tally()),
      held: () => ({ durationMs: performance.now() - sinceMs, ...receivedBetween(before, fleet.tally()) }),
    });
    if (point) return point;
    await waitFor((tally) => isAtLevel(tally, level), level, watched);
    await untilTaken(course, level);
  }
  course.warn(toWarning('WUNSTABLE', { level, why: whyUnstable(course) }));
  return undefined;
}

function whyUnstable(course: LegCourse): string | undefined {
  if (course.strays === 0) return lossSentence(course.progress());
  return `the target has ${course.strays} more than the fleet holds; a worker that was lost may still have them`;
}
