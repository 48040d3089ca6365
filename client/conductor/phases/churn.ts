import { isSteadyWith } from '../../../core/behaviours/behaviours.ts';
import { type ChurnPlan, turnoverAt } from '../../../core/behaviours/churn.ts';
import type { MemoryPoint } from '../../../core/schemas/record.ts';
import { since, toSparse } from '../../../core/stats/histogram.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import type { Tally } from '../../../fleet/wire.ts';
import { isAtLevel, type LegCourse, receivedBetween } from '../leg-course.ts';
import { waitFor } from '../watch.ts';
import { type GoingOn, goOn } from './go-on.ts';
import { untilTaken } from './ramp.ts';
import { isWhole } from './whole.ts';

/** Readings while connections are replaced at a level: enough to see a trend. */
const READINGS = 10;
const LEAST_EVERY_MS = 100;
/** So often a level is read anew that did not stay as it was. */
const READ_TRIES = 3;

/** Replaces the connections of a level for a while, and reads what it takes then. It is whole again afterwards. */
export async function churn(course: LegCourse, level: number): Promise<void> {
  const { churnMs } = course.context;
  const everyMs = Math.max(LEAST_EVERY_MS, churnMs / READINGS);
  // No collection is forced: one would stand in the way of connections that open.
  await replaceWhile(course, { phase: 'churn', level, forMs: churnMs, everyMs, collects: false });
}

/** The same while it goes on as is told. */
export async function replaceWhile(course: LegCourse, going: GoingOn): Promise<void> {
  const { fleet, watched } = course.context;
  const { phase, level, forMs } = going;
  course.enter(phase, level, forMs);
  const end = begin(course, going);
  const leastOpen = await goOn(course, going);
  end(leastOpen);
  if (phase === 'churn') await read(course, level);
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
      lost: lostOf(tally) - lostOf(before.tally),
      leastOpen,
      openPlanned: openPlanned!,
      ownLag: ownLag!,
    });
  };
}

const lostOf = ({ closed, closeReasons }: Tally): number => closed - closeReasons['by-us'];

/** What the level takes while it is replaced; nothing where it doesn't stay as it was. */
async function read(course: LegCourse, level: number): Promise<void> {
  const { fleet, leg, meters, recorder } = course.context;
  const isSteady = isSteadyWith(leg.behaviour.kind);
  for (let tries = 0; tries < READ_TRIES; tries++) {
    const [before, sinceMs] = [fleet.tally(), performance.now()];
    const unforced = await meters.read();
    const readings = await meters.withLists(await meters.read({ gc: true }), level);
    const after = fleet.tally();
    const durationMs = performance.now() - sinceMs;
    // Those that are on their way in or out are at one end alone.
    const underWay = Math.max(...[before, after].map(({ opening, closing }) => opening + closing));
    if (!isSteady(before, after) || !isWhole(course, level - 2 * underWay - FEW, readings)) continue;
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
