import type { LegCourse } from '../leg-course.ts';
import { isAtLevel } from '../leg-course.ts';
import { waitFor } from '../watch.ts';

/** Cuts a share of the level's connections, and waits until they are back. */
export async function storm(course: LegCourse, level: number): Promise<void> {
  const { fleet, watched } = course.context;
  course.enter('storm', level);
  let isConfirmed = false;
  void fleet.confirmed(fleet.beginEpisode()).then(() => {
    isConfirmed = true;
  });
  await waitFor((tally) => isConfirmed && tally.away === 0 && isAtLevel(tally, level), level, watched);
}
