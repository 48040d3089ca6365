import { followsRest, isTalk, restsAtLevels } from '../../core/behaviours/behaviours.ts';
import type { LegProgress, MemoryPoint } from '../../core/schemas/record.ts';
import { peakOf } from '../../core/values/plan.ts';
import { toWarning } from '../../core/values/warnings.ts';
import { briefWalk } from './brief-walk.ts';
import { episodeOf } from './episodes/index.ts';
import { type LegContext, LegCourse, type LegState } from './leg-course.ts';
import { broadcast } from './phases/broadcast.ts';
import { BURST_MOST, burst } from './phases/burst.ts';
import { churn } from './phases/churn.ts';
import { hold } from './phases/hold.ts';
import { measure } from './phases/measure.ts';
import { drain, ramp } from './phases/ramp.ts';
import { goOnSoaking, soak } from './phases/soak.ts';
import { talk } from './phases/talk.ts';
import { warmUp } from './phases/warm-up.ts';

/**
 * Walks one leg: warm-up, baseline, each level (ramp, settle, hold), drain, retained; from the ramp on again for each
 * cycle. Everything measured is recorded as it comes, so that an error, which ends the leg by being thrown, loses
 * nothing.
 */
export class LegWalk {
  readonly #course: LegCourse;
  readonly #points: MemoryPoint[] = [];

  constructor(context: LegContext) {
    this.#course = new LegCourse(context);
  }

  get state(): LegState {
    return this.#course.state;
  }

  /** The baseline and the levels of the first climb so far. */
  get points(): readonly MemoryPoint[] {
    return this.#points;
  }

  /** Levels of the first climb that yielded a memory point. */
  get holds(): readonly MemoryPoint[] {
    return this.#points.filter(({ phase }) => phase === 'hold');
  }

  get pardoned(): number {
    return this.#course.pardoned;
  }

  /** The leg so far, for the record; also when it ended early. */
  progress(): LegProgress {
    return this.#course.progress();
  }

  async walk(): Promise<void> {
    const course = this.#course;
    const { leg, meters, restMs, brief } = course.context;
    if (brief) return briefWalk(course, brief, this.#points);
    if (course.context.goingOn) return goOnSoaking(course);
    await warmUp(course);
    await meters.rehearse();
    course.enter('baseline', 0);
    const baseline = await measure(course, 'baseline', 0);
    if (baseline) this.#points.push(baseline);
    let retained: MemoryPoint | undefined;
    for (course.cycle = 0; ; course.cycle++) {
      retained = await this.#climbAndDrain();
      if (course.cycle === leg.cycles - 1) break;
    }
    const tidiesUp = retained?.unforced || restMs > 0;
    if (tidiesUp && !course.context.restart && peakOf(leg) <= BURST_MOST) await burst(course);
  }

  /**
   * One cycle. What the first climb leaves in an allocator looks free to the next, so only the first one stops at each
   * level; the others are there for what they leave behind. Levels that tell nothing more, by --precision, are left out.
   */
  async #climbAndDrain(): Promise<MemoryPoint | undefined> {
    const course = this.#course;
    const { fleet, leg } = course.context;
    const isRead = followsRest(leg.behaviour.kind);
    fleet.setTalking(!restsAtLevels(leg.behaviour.kind));
    const top = peakOf(leg);
    for (const level of course.cycle === 0 ? leg.levels : [top]) {
      // The top is what was asked for, however well the cost is known by then.
      if (level !== top && course.context.isPrecise()) continue;
      await ramp(course, level);
      await broadcast(course, level);
      const talked = isTalk(leg.behaviour) ? await talk(course, level) : null;
      const point = await hold(course, level, talked);
      if (course.cycle > 0) continue;
      if (point) this.#points.push(point);
      if (isRead) await churn(course, level);
      if (level === top) await soak(course, level);
    }
    const climbDrops = course.cycle === 0 ? await this.#tellTurnedAway() : 0;
    // Once every level was read: what it leaves in an allocator would look free to the levels above.
    if (course.cycle === 0) await episodeOf(leg.behaviour.kind)?.(course, top, this.holds.at(-1));
    fleet.setTalking(false);
    if (course.cycle === 0) await this.#tellTurnedAwayLater(climbDrops);
    course.enter('drain', 0);
    await drain(course);
    // What is left behind is held against the baseline, which was of another process.
    if (course.context.restart) return undefined;
    course.enter('retained', 0);
    return measure(course, 'retained', 0);
  }

  /** A client that is turned away tries again a second later, which would pass for the target's own slowness. */
  async #tellTurnedAway(): Promise<number> {
    const backlog = await this.#course.context.acceptance.turnedAway();
    if (backlog && backlog.drops > 0) this.#course.warn(toWarning('WTURNEDAWAY', backlog));
    return backlog?.drops ?? 0;
  }

  /** As they came back or were replaced: nobody's pace holds these, and times to open are those of the climb. */
  async #tellTurnedAwayLater(climbDrops: number): Promise<void> {
    const { acceptance, restart } = this.#course.context;
    const backlog = await acceptance.turnedAway();
    // A target that was started again has a listener that counts from 0.
    const drops = (backlog?.drops ?? 0) - (restart ? 0 : climbDrops);
    if (backlog && drops > 0) this.#course.warn(toWarning('WTURNEDAWAYLATER', { most: backlog.most, drops }));
  }
}
