import { isSteadyWith } from '../../../core/behaviours/behaviours.ts';
import { type ChurnPlan, turnoverAt } from '../../../core/behaviours/churn.ts';
import type { MemoryPoint } from '../../../core/schemas/record.ts';
import { since, toSparse } from '../../../core/stats/histogram.ts';
import { lostIn } from '../../../core/values/outcomes.ts';
import { peakOf } from '../../../core/values/plan.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import { isAtLevel, type LegCourse, receivedBetween } from '../leg-course.ts';
import { refreshed } from '../obeyed.ts';
import { waitFor } from '../watch.ts';
import { type GoingOn, goOn } from './go-on.ts';
import { untilTaken } from './ramp.ts';

/** Readings while connections are replaced at a level: enough to see a trend. */
const READINGS = 10;
const LEAST_EVERY_MS = 100;
/** So often a level is read anew that did not stay as it was. */
const READ_TRIES = 3;

/** Replaces the connections of a level for a while, and reads what it takes then. It is whole again afterwards. */
export async function churn(course: LegCourse, level: number): Promise<void> {
  const { churnMs, soakMs, leg } = course.context;
  const everyMs = Math.max(LEAST_EVERY_MS, churnMs / READINGS);
  const isTop = level === peakOf(leg) && soakMs === undefined;
  course.enter('churn', level, isTop ? 2 * churnMs : churnMs);
  // No collection is forced: one would stand in the way of connections that open.
  const going: GoingOn = { phase: 'churn', level, forMs: churnMs, everyMs, collects: false };
  await replaceWhile(course, going, async () => {
    await read(course, level);
    // Whether memory grows shows only without garbage; a soak tells that better.
    if (isTop) await goOn(course, { ...going, collects: true });
  });
}

/** The same while it goes on as is told. @param then what follows while they still are replaced, and isn't counted */
export async function replaceWhile(
  course: LegCourse,
  going: GoingOn,
  then: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { fleet, watched } = course.context;
  const { level } = going;
  const end = begin(course, going);
  let leastOpen = level;
  try {
    await goOn(course, going, (open) => {
      leastOpen = Math.min(leastOpen, open);
    });
    await refreshed(course, level);
  } finally {
    // What was replaced until an interruption, or the target's end, is told as well.
    end(leastOpen);
  }
  await then();
  fleet.setTalking(false);
  await waitFor((tally) => isAtLevel(tally, level), level, watched);
  await untilTaken(course, level);
}

/** @returns records what came of it */
function begin(course: LegCourse, { phase, level }: GoingOn): (leastOpen: number) => void {
  const { fleet, leg, recorder } = course.context;
  const plan = leg.behaviour as ChurnPlan;
  const names = ['openPlanned', 'ownLag'] as const;
  const before = { tally: fleet.tally(), counts: names.map((name) => fleet.histogram(name)) };
  const startedAtMs = performance.now();
  fleet.setTalking(true);
  return (leastOpen) => {
    const tally = fleet.tally();
    const [openPlanned, ownLag] = names.map((name, i) => toSparse(since(before.counts[i]!, fleet.histogram(name))));
    recorder.sample({
      type: 'churn',
      ...course.now(),
      phase,
      level,
      turnoverPerSecond: turnoverAt(plan, level),
      end: plan.end ?? (leg.close === 'reset' ? 'rst' : 'fin'),
      durationMs: performance.now() - startedAtMs,
      due: tally.replacementsDue - before.tally.replacementsDue,
      replaced: tally.replaced - before.tally.replaced,
      failed: tally.failed - before.tally.failed,
      lost: lostIn(tally.closeReasons) - lostIn(before.tally.closeReasons),
      leastOpen,
      openPlanned: openPlanned!,
      ownLag: ownLag!,
    });
  };
}

/** What the level takes while it is replaced; nothing where it doesn't stay as it was. */
async function read(course: LegCourse, level: number): Promise<void> {
  const { acceptance, fleet, leg, meters, recorder } = course.context;
  const isSteady = isSteadyWith(leg.behaviour.kind);
  for (let tries = 0; tries < READ_TRIES; tries++) {
    await refreshed(course, level);
    const [before, sinceMs] = [fleet.tally(), performance.now()];
    const unforced = await meters.read();
    const readings = await meters.withLists(await meters.read({ gc: true }), level);
    await refreshed(course, level);
    const after = fleet.tally();
    const durationMs = performance.now() - sinceMs;
    // Those that are on their way in or out are at one end alone.
    const underWay = Math.max(...[before, after].map(({ opening, closing }) => opening + closing));
    const taken = acceptance.takenOf(level, readings);
    const isTaken = taken === null || taken.connections >= level - 2 * underWay - FEW;
    if (!isSteady(before, after) || !isTaken) continue;
    const point: MemoryPoint = {
      type: 'memory',
      ...course.now(),
      phase: 'churn',
      level,
      cycle: course.cycle,
      settled: true,
      windows: [],
      readings,
      unforced,
      generatorCollectedBytes: null,
      talk: null,
      turnoverPerSecond: ((after.replaced - before.replaced) * 1000) / durationMs,
      held: { durationMs, ...receivedBetween(before, after) },
      progress: course.progress(),
    };
    recorder.sample(point);
    return;
  }
  course.warn(toWarning('WCHURN', { level }));
}

/** The kernel's list is made a moment after the counts. */
const FEW = 8;
