import type { RunConfig } from '../../config/run-config.ts';
import { isTalk } from '../../core/behaviours/behaviours.ts';
import type { MemoryPoint } from '../../core/schemas/record.ts';
import { peakOf } from '../../core/values/plan.ts';
import { episodeOf } from './episodes/index.ts';
import type { LegCourse } from './leg-course.ts';
import { hold } from './phases/hold.ts';
import { measure } from './phases/measure.ts';
import { drain, moveTo, ramp } from './phases/ramp.ts';
import { talk } from './phases/talk.ts';
import { rest } from './settle.ts';
import { check } from './watch.ts';

/**
 * A step of a search: one level, for a few seconds. What a connection costs isn't asked for, so the warm-up is one round, memory is read
 * once before and once at the level, and nothing is read after it.
 *
 * @param points gets what was read, as it comes
 */
export async function briefWalk(
  course: LegCourse,
  { stayMs }: NonNullable<RunConfig['brief']>,
  points: MemoryPoint[],
): Promise<void> {
  const { leg, fleet, meters, acceptance, watched } = course.context;
  const level = peakOf(leg);
  course.enter('warm-up', leg.warmUp);
  await acceptance.begin(await meters.read({ list: true }));
  if (leg.warmUp > 0) await moveTo(course, leg.warmUp, course.perSecond);
  await drain(course);
  course.enter('baseline', 0);
  const baseline = await measure(course, 'baseline', 0);
  if (baseline) points.push(baseline);
  fleet.setTalking(true);
  await ramp(course, level);
  const talks = isTalk(leg.behaviour);
  const talked = talks ? await talk(course, level) : null;
  // What was asked for is measured; a target that is behind gets no more of it.
  if (talks) fleet.setTalking(false);
  else await rest(stayMs, () => check(level, watched));
  const point = await hold(course, level, talked);
  if (point) points.push(point);
  await episodeOf(leg.behaviour.kind)?.(course, level, point);
  fleet.setTalking(false);
  course.enter('drain', 0);
  await drain(course);
}
