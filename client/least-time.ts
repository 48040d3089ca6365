import { followsRest, isTalk } from '../core/behaviours/behaviours.ts';
import type { Leg } from '../core/schemas/leg.ts';
import { mostPaceOf } from '../core/values/pace.ts';
import { peakOf, rampMsOf } from '../core/values/plan.ts';
import { BURST_MOST } from './conductor/phases/burst.ts';
import { DRAIN_PER_SECOND } from './conductor/phases/ramp.ts';
import { COLLECTED_WINDOW_MS } from './conductor/settle.ts';

/** What of a plan goes for all of its legs. */
export interface LeastTimeGiven {
  readonly restMs: number;
  readonly talkMs: number;
  /** What levels go on with. */
  readonly churnMs: number;
  readonly soakMs: number | undefined;
  /** There is memory to read, and a reading that counts takes two. */
  readonly isRead: boolean;
  /** Levels below the top may be left out (--precision). */
  readonly maySkip: boolean;
  /** The target may bear a faster pace than is planned. */
  readonly isPaceOpen: boolean;
}

/**
 * How long a leg takes at least in each launch, in ms. It has its ramps at their rate, the rest and two windows before each reading
 * that counts, round trips at each level, drains. A target that is slow, readings and settling come on top.
 */
export function leastLegMs(planned: Leg, given: LeastTimeGiven): number {
  const { restMs, talkMs, churnMs, soakMs = 0, isRead, maySkip, isPaceOpen } = given;
  const most = isPaceOpen ? mostPaceOf(planned.connectsPerSecond) : planned.connectsPerSecond;
  const leg = { ...planned, connectsPerSecond: most };
  const top = peakOf(leg);
  // Only the first climb stops at each level.
  const climbed = maySkip ? 1 : leg.levels.length;
  const holds = climbed + leg.cycles - 1;
  // The baseline, each level, and what is retained of each cycle.
  const readings = 1 + holds + leg.cycles;
  const talking = isTalk(leg.behaviour) ? holds * talkMs : 0;
  const goingOn = (followsRest(leg.behaviour.kind) ? (climbed + (soakMs === 0 ? 1 : 0)) * churnMs : 0) + soakMs;
  const drainedMs = (leg.cycles * top * 1000) / DRAIN_PER_SECOND;
  const burstMs = restMs > 0 && top <= BURST_MOST ? (top * 1000) / leg.connectsPerSecond : 0;
  return Math.round(
    rampMsOf(leg) + readings * (restMs + (isRead ? COLLECTED_WINDOW_MS : 0)) + talking + goingOn + drainedMs + burstMs,
  );
}
