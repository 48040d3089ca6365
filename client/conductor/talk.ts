import type { Talk } from '../../core/schemas/talk.ts';
import { since, toSparse } from '../../core/stats/histogram.ts';
import { STATUS_CLASSES, type StatusClass } from '../../core/values/outcomes.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { receivedBetween } from './leg-course.ts';
import { untilObeyed, type Wait } from './obeyed.ts';

/** What is passed on to others is over when none of it has come for so long. */
const HUSH_MS = 100;
/** What isn't answered this long after the last message is lost. */
const GRACE_MS = 1000;

const DISTRIBUTIONS = ['sendLag', 'rttPlanned', 'rttActual'] as const;

/**
 * Round trips over a stretch of time. Nothing is under way when it begins, and it ends when all is answered or lost, so
 * what was sent in it is what was measured.
 *
 * @param talkMs how long messages are sent
 * @param wait resolves when a condition holds; throws when the leg makes no sense any more
 */
export async function sampleTalk(fleet: Fleet, talkMs: number, wait: Wait): Promise<Talk> {
  const quiet = async (): Promise<void> => {
    const deadline = performance.now() + GRACE_MS;
    await untilObeyed(fleet, fleet.setTalking(false), wait);
    await wait(({ pending }) => pending === 0 || performance.now() > deadline);
    for (let heard = 0; fleet.tally().fromOthers > heard && performance.now() < deadline; ) {
      heard = fleet.tally().fromOthers;
      const sinceMs = performance.now();
      await wait(() => performance.now() - sinceMs >= HUSH_MS);
      await untilObeyed(fleet, fleet.refresh(), wait);
    }
    // Those that came in time, and were not told of yet.
    if (fleet.tally().pending > 0) await untilObeyed(fleet, fleet.refresh(), wait);
  };
  const look = () => ({ tally: fleet.tally(), counts: DISTRIBUTIONS.map((name) => fleet.histogram(name)) });

  await quiet();
  const before = look();
  const startedAtMs = performance.now();
  fleet.setTalking(true);
  await wait(() => performance.now() - startedAtMs >= talkMs);
  const durationMs = performance.now() - startedAtMs;
  await quiet();
  const after = look();
  fleet.setTalking(true);

  const grown = (field: 'messages' | 'replies' | 'lateReplies' | 'fromOthers'): number =>
    after.tally[field] - before.tally[field];
  const [sendLag, rttPlanned, rttActual] = DISTRIBUTIONS.map((_, i) =>
    toSparse(since(before.counts[i]!, after.counts[i]!)),
  );
  const statuses = Object.fromEntries(
    STATUS_CLASSES.map((name) => [name, after.tally.statuses[name] - before.tally.statuses[name]]),
  ) as Record<StatusClass, number>;
  return {
    durationMs,
    messages: grown('messages'),
    replies: grown('replies'),
    lateReplies: grown('lateReplies'),
    lostReplies: Math.max(0, grown('messages') - grown('replies')),
    fromOthers: grown('fromOthers'),
    received: receivedBetween(before.tally, after.tally),
    statuses: STATUS_CLASSES.some((name) => statuses[name] > 0) ? statuses : null,
    sendLag: sendLag!,
    rttPlanned: rttPlanned!,
    rttActual: rttActual!,
  };
}
