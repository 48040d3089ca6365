import type { Talk } from '../../../core/schemas/talk.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import type { LegCourse } from '../leg-course.ts';
import { sampleTalk } from '../talk.ts';
import { waitFor } from '../watch.ts';
import { untilCalm } from './whole.ts';

/** Round trips that a connection which flooded meanwhile has spoilt are sampled again; the last ones are taken as they are. */
const TALK_TRIES = 3;

/** Before any collection is forced: one would stand in the way of hundreds of replies. */
export async function talk(course: LegCourse, level: number): Promise<Talk> {
  const { fleet, talkMs, watched } = course.context;
  for (let tries = 1; ; tries++) {
    await untilCalm(course, level);
    course.enter('talk', level);
    const floodsBefore = fleet.tally().closeReasons.flood;
    const talked = await sampleTalk(fleet, talkMs, (condition) => waitFor(condition, level, watched));
    const { flooding, closeReasons } = fleet.tally();
    if (flooding === 0 && closeReasons.flood === floodsBefore && talked.messages > 0) return talked;
    if (tries < TALK_TRIES) continue;
    course.warn(toWarning('WFLOOD', { level }));
    return talked;
  }
}
