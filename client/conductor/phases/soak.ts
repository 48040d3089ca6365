import { followsRest } from '../../../core/behaviours/behaviours.ts';
import type { LegCourse } from '../leg-course.ts';
import { replaceWhile } from './churn.ts';
import { type GoingOn, goOn } from './go-on.ts';

/** Readings however long it takes: more would tell no more of a trend. */
const READINGS_MOST = 600;
const LEAST_EVERY_MS = 500;

/** Holds the top level for hours, with what its connections do, and reads its memory each so often. */
export async function soak(course: LegCourse, level: number): Promise<void> {
  const { soakMs, leg } = course.context;
  if (soakMs === undefined) return;
  const going: GoingOn = {
    phase: 'soak',
    level,
    forMs: soakMs,
    everyMs: Math.max(LEAST_EVERY_MS, soakMs / READINGS_MOST),
    // Garbage would hide what stays; over hours the pauses are few.
    collects: true,
  };
  if (followsRest(leg.behaviour.kind)) {
    await replaceWhile(course, going);
    return;
  }
  course.enter('soak', level, soakMs);
  await goOn(course, going);
}
