import { peakOf } from '../../../core/values/plan.ts';
import type { LegCourse } from '../leg-course.ts';
import { drain, moveTo, untilTaken } from './ramp.ts';
import { isWhole } from './whole.ts';

/** A second ramp of more would make a long run twice as long, and may not find ports: those of the first still rest. */
export const BURST_MOST = 10_000;

/**
 * Once more to the top in one go, and one reading before any collection or rest. It shows what a target that collects its
 * garbage, or tidies up later, needs while many come at once. Levels can't tell, since each begins with that.
 */
export async function burst(course: LegCourse): Promise<void> {
  const { leg, meters, recorder } = course.context;
  const level = peakOf(leg);
  course.enter('burst', level);
  await moveTo(course, level, course.perSecond);
  await untilTaken(course, level);
  const readings = await meters.read({ list: true, connections: level });
  if (isWhole(course, level, readings)) {
    recorder.sample({
      type: 'memory',
      ...course.now(),
      phase: 'burst',
      level,
      cycle: course.cycle,
      settled: false,
      windows: [],
      readings,
      unforced: null,
      generatorCollectedBytes: null,
      talk: null,
      held: null,
      progress: course.progress(),
    });
  }
  await drain(course);
}
