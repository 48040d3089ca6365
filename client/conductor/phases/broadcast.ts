import { toWarning } from '../../../core/values/warnings.ts';
import { sampleBroadcasts } from '../broadcasts.ts';
import type { LegCourse } from '../leg-course.ts';
import { waitFor } from '../watch.ts';
import { untilCalm } from './whole.ts';

/**
 * Publishes for a while, before any collection is forced. Nothing is published otherwise: memory is read at rest, and what a message
 * takes while it goes out is told by itself.
 */
export async function broadcast(course: LegCourse, level: number): Promise<void> {
  const { fleet, leg, meters, recorder, talkMs, watched } = course.context;
  const { behaviour } = leg;
  if (behaviour.kind !== 'broadcast') return;
  await untilCalm(course, level);
  course.enter('talk', level);
  const stretch = await sampleBroadcasts(
    fleet,
    { talkMs, withinMs: behaviour.withinMs },
    (condition) => waitFor(condition, level, watched),
    () => meters.readQuick().targetBytes,
  );
  const at = { ...course.now(), level, cycle: course.cycle };
  recorder.sample({ type: 'broadcast', ...at, ...stretch, messageBytes: behaviour.bytes });
  const { count, why } = fleet.broadcasts!.refused;
  if (stretch.refused > 0) course.warn(toWarning('WPUBLISH', { refused: count, why: why ?? '' }));
}
