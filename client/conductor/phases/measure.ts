import { isTalk } from '../../../core/behaviours/behaviours.ts';
import { userBytesOf } from '../../../core/ledger/ledger.ts';
import { isCollected, type Readings } from '../../../core/schemas/readings.ts';
import type { MemoryPoint } from '../../../core/schemas/record.ts';
import type { Talk } from '../../../core/schemas/talk.ts';
import { OWN_COST_FROM, peakOf } from '../../../core/values/plan.ts';
import { collectGarbage } from '../../../memory/collect.ts';
import { isAtLevel, type LegCourse, shareStatesOf } from '../leg-course.ts';
import { refreshed } from '../obeyed.ts';
import { rest, settle } from '../settle.ts';
import { check } from '../watch.ts';
import { isWhole } from './whole.ts';

/** What a hold has beside its readings. */
interface Held {
  readonly talk: Talk | null;
  /** Whether none came or went since the level was entered. */
  isStill(): boolean;
  /** What came in since then. */
  held(): MemoryPoint['held'];
}

/**
 * Reads memory while so many connections are open, and records it.
 *
 * @returns the point that was recorded; undefined when connections came or went meanwhile
 */
export async function measure(
  course: LegCourse,
  phase: 'baseline' | 'hold' | 'retained',
  level: number,
  hold?: Held,
): Promise<MemoryPoint | undefined> {
  const { fleet, leg, meters, acceptance, recorder, restMs, settleTimeoutMs, watched } = course.context;
  const look = (): Promise<void> => check(Math.max(1, level), watched);
  await look();
  const unforced = await meters.read();
  await rest(restMs, look);
  let generatorCollectedBytes: number | null = null;
  // Our own garbage as well, or it would pass for what the client costs per connection.
  const collectOurs = async (): Promise<void> => {
    if (peakOf(leg) < OWN_COST_FROM) return;
    await fleet.collectGarbage();
    await collectGarbage();
    generatorCollectedBytes = userBytesOf({ target: meters.readLive().client, exporter: null });
  };
  const read = (after?: Readings): Promise<Readings> => meters.read(after ? { after } : { gc: true });
  const settling = { read, timeoutMs: settleTimeoutMs, look, talks: isTalk(leg.behaviour), beside: collectOurs };
  const { settled, windows, readings: last } = await settle(settling);
  if (phase === 'hold') course.enter('hold', level);
  const readings = await meters.withLists(last, level);
  await look();
  // None came or went until the last reading was over.
  await refreshed(course, level);
  if (hold?.isStill() === false || !isAtLevel(fleet.tally(), level)) return undefined;
  if (phase === 'hold' && !isWhole(course, level, readings)) return undefined;
  if (phase === 'baseline') await acceptance.begin(readings);
  const point: MemoryPoint = {
    type: 'memory',
    ...course.now(),
    phase,
    level,
    cycle: course.cycle,
    settled,
    windows,
    readings,
    unforced: isCollected(readings) ? unforced : null,
    generatorCollectedBytes,
    talk: hold?.talk ?? null,
    held: hold?.held() ?? null,
    ...shareStatesOf(fleet),
    ...(phase === 'hold' && fleet.residuals && { residuals: fleet.residuals() }),
    progress: course.progress(),
  };
  recorder.sample(point);
  return point;
}
