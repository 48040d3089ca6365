import type { Taken } from '../../../core/ledger/taken.ts';
import type { Readings } from '../../../core/schemas/readings.ts';
import type { Tally } from '../../../fleet/wire.ts';
import { isAtLevel, type LegCourse } from '../leg-course.ts';
import { waitFor } from '../watch.ts';

/** A connection that floods is ended by then. What is opened in its place may begin anew; that isn't waited for. */
const CALM_WAIT_MS = 15_000;

export const isAll = (level: number, taken: Taken | null): boolean => taken === null || taken.connections >= level;

/** Whether the target has the whole level, by what was read, as far as that tells. */
export const isWhole = ({ context }: LegCourse, level: number, readings: Readings): boolean =>
  isAll(level, context.acceptance.takenOf(level, readings));

/**
 * A connection whose peer sends without a pause takes the client's time, so it is in everybody's round trips, and it
 * won't be there at the end of a reading. So it is waited until it has been ended and replaced.
 */
export async function untilCalm({ context }: LegCourse, level: number): Promise<void> {
  const deadlineMs = performance.now() + CALM_WAIT_MS;
  const isCalm = (tally: Tally): boolean => tally.flooding === 0 && isAtLevel(tally, level);
  await waitFor((tally) => isCalm(tally) || performance.now() > deadlineMs, level, context.watched);
}
