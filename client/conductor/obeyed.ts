import type { Fleet } from '../../fleet/fleet.ts';
import type { Tally } from '../../fleet/wire.ts';
import type { LegCourse } from './leg-course.ts';
import { waitFor } from './watch.ts';

/** Looks every 4 to 50 ms whether a condition holds; throws when the leg makes no sense any more. */
export type Wait = (condition: (tally: Tally) => boolean) => Promise<void>;

/** Waits until all workers have taken up an order; what they had counted then is in the tally. */
export async function untilObeyed(fleet: Pick<Fleet, 'confirmed'>, order: number, wait: Wait): Promise<void> {
  let isConfirmed = false;
  void fleet.confirmed(order).then(() => {
    isConfirmed = true;
  });
  await wait(() => isConfirmed);
}

/** Resolves when what all workers have counted until now is in the tally: those of other machines tell it once a second. */
export const refreshed = ({ context: { fleet, watched } }: LegCourse, level: number): Promise<void> =>
  untilObeyed(fleet, fleet.refresh(), (condition) => waitFor(condition, Math.max(1, level), watched));
