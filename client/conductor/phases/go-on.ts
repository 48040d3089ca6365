import { setTimeout as delay } from 'node:timers/promises';
import { userBytesOf } from '../../../core/ledger/ledger.ts';
import type { DriftPoint } from '../../../core/schemas/churn.ts';
import { isCollected } from '../../../core/schemas/readings.ts';
import type { LegCourse } from '../leg-course.ts';
import { refreshed } from '../obeyed.ts';
import { check } from '../watch.ts';

/** How a level goes on, and how often its memory is read. */
export interface GoingOn {
  readonly phase: DriftPoint['phase'];
  readonly level: number;
  readonly forMs: number;
  /** How much of that has passed before, where it was interrupted. */
  readonly pastMs?: number;
  readonly everyMs: number;
  /** The target's garbage is collected before each reading. */
  readonly collects: boolean;
}

const LOOK_MS = 100;
/** A reading that takes long, as of a large heap, is that much rarer: the target is to get on with it. */
const PAUSE_FOR_EACH_READING = 4;

/**
 * Lets a level go on for a while, and reads its memory each so often: when it begins, and when it ends, too.
 *
 * @param saw is told how many connections were open, at each look
 */
export async function goOn(
  course: LegCourse,
  going: GoingOn,
  saw: (open: number) => void = () => undefined,
): Promise<void> {
  const { fleet, meters, recorder, watched } = course.context;
  const { phase, level, forMs, pastMs = 0, everyMs, collects } = going;
  const startedAtMs = performance.now();
  const passedMs = (): number => pastMs + performance.now() - startedAtMs;
  const look = async (): Promise<void> => {
    saw(fleet.tally().open);
    await check(level, watched);
  };
  const read = async (): Promise<void> => {
    await refreshed(course, level);
    const before = fleet.tally();
    const readings = await meters.read({ gc: collects });
    await refreshed(course, level);
    const { open, opening, failed, closed, replaced } = fleet.tally();
    // Memory was read somewhere between the two.
    const midway = Math.round((before.replaced + replaced) / 2);
    recorder.sample({
      type: 'drift',
      ...course.now(),
      phase,
      level,
      heldMs: passedMs(),
      open,
      opening,
      failed,
      closed,
      replaced: midway,
      userBytes: userBytesOf(readings),
      openFiles: readings.target?.openFiles ?? null,
      timeWait: readings.sockstat?.tcpTimeWait ?? null,
      isCollected: isCollected(readings),
    });
  };
  for (let dueMs = pastMs; ; ) {
    for (let leftMs = dueMs - passedMs(); leftMs > 0; leftMs = dueMs - passedMs()) {
      await delay(Math.min(LOOK_MS, leftMs));
      await look();
    }
    await look();
    const begunMs = passedMs();
    await read();
    const endedMs = passedMs();
    if (endedMs >= forMs) return;
    dueMs = Math.min(forMs, Math.max(dueMs + everyMs, endedMs + PAUSE_FOR_EACH_READING * (endedMs - begunMs)));
  }
}
