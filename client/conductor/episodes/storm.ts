import { setTimeout as delay } from 'node:timers/promises';
import { withinMsOf } from '../../../core/behaviours/storm.ts';
import type { MemoryPoint, StormEpisode } from '../../../core/schemas/record.ts';
import { since, toSparse } from '../../../core/stats/histogram.ts';
import { LOSS_REASONS, OUTCOMES } from '../../../core/values/outcomes.ts';
import type { HistogramName, Tally } from '../../../fleet/wire.ts';
import { isAtLevel, type LegCourse } from '../leg-course.ts';
import { moveTo, untilTaken } from '../phases/ramp.ts';
import { check } from '../watch.ts';
import { Restart } from './restart.ts';
import { StormMemory } from './storm-memory.ts';

/** Between two looks whether all are back. */
const LOOK_MS = 50;
/** So many waits of the longest kind, with an attempt after each, may pass without anybody who comes back. */
const WAITS = 3;
const LEAST_PATIENCE_MS = 10_000;

const TIMES = [
  'backAfter',
  'admission',
  'returnOwnLag',
  'returnConnecting',
  'returnSecuring',
  'returnHandshaking',
  'returnsBegun',
  'returnsInTime',
] as const satisfies readonly HistogramName[];

/** Cuts a share of the level's connections, and looks on until all are back; those that are not in time are opened by the ramp. */
export async function storm(course: LegCourse, level: number, rest: MemoryPoint | undefined): Promise<void> {
  const { leg, fleet, recorder, watched } = course.context;
  const { behaviour } = leg;
  if (behaviour.kind !== 'storm') return;
  course.enter('storm', level);
  const before = { tally: fleet.tally(), times: TIMES.map((name) => fleet.histogram(name)) };
  const memory = new StormMemory(course, rest);
  const restart = course.context.restart && new Restart(course, course.context.restart);
  let isConfirmed = false;
  void fleet.confirmed(fleet.beginEpisode()).then(() => {
    isConfirmed = true;
    restart?.begin();
  });
  const startedAtMs = performance.now();
  const patienceMs = patienceOf(course);
  let tally = fleet.tally();
  let tookMs = 0;
  let [back, backAtMs] = [before.tally.back, 0];
  try {
    for (;;) {
      tally = fleet.tally();
      tookMs = performance.now() - startedAtMs;
      const restarts = restart?.goesOn() ?? false;
      // A worker that has confirmed has begun to cut.
      if (isConfirmed && !restarts && isOver(tally, level)) break;
      if (restarts || tally.back > back) [back, backAtMs] = [tally.back, tookMs];
      if (tookMs - backAtMs > patienceMs) break;
      await check(level, watched, tally);
      await delay(LOOK_MS);
    }
    await restart?.lookInto();
    if (isOver(tally, level)) {
      tookMs = Math.max(0, tally.lastBackAtMs - (restart?.signalledAtMs ?? tally.begunAtMs));
      await untilTaken(course, level);
      await memory.readAfter(level);
    } else {
      await moveTo(course, level, course.perSecond);
    }
  } finally {
    memory.stop();
    const after = fleet.tally();
    const grown = (field: 'cut' | 'retries' | 'heldBack' | 'pardoned'): number => after[field] - before.tally[field];
    const times = TIMES.map((name, i) => since(before.times[i]!, fleet.histogram(name)));
    const grownIn = (name: (typeof TIMES)[number]): Uint32Array => times[TIMES.indexOf(name)]!;
    const timesOf = (name: (typeof TIMES)[number]): Array<[number, number]> => toSparse(grownIn(name));
    const inTime = grownIn('returnsInTime');
    recorder.sample({
      type: 'storm',
      ...course.now(),
      level,
      how: behaviour.cut,
      ...(restart && { restart: restart.end() }),
      cut: grown('cut'),
      back: tally.back - before.tally.back,
      retries: grown('retries'),
      heldBack: grown('heldBack'),
      failedMeanwhile: grown('pardoned'),
      tookMs,
      ...memory.figures(),
      backAfter: timesOf('backAfter'),
      admission: timesOf('admission'),
      ownLag: timesOf('returnOwnLag'),
      stages: {
        connecting: timesOf('returnConnecting'),
        securing: timesOf('returnSecuring'),
        handshaking: timesOf('returnHandshaking'),
      },
      failures: failuresBetween(before.tally, tally),
      withinMs: withinMsOf(behaviour),
      paces: timesOf('returnsBegun').map(([second, begun]) => ({ second, begun, inTime: inTime[second]! })),
      progress: course.progress(),
    });
  }
}

/** What went wrong until it was over; what the ramp then opens in place of those that aren't back is its own. */
function failuresBetween(before: Tally, after: Tally): NonNullable<StormEpisode['failures']> {
  const more = <K extends string>(names: readonly K[], from: Readonly<Record<K, number>>, to: typeof from) =>
    Object.fromEntries(
      names.map((name) => [name, to[name] - from[name]] as const).filter(([, times]) => times > 0),
    ) as Partial<Record<K, number>>;
  const failed = OUTCOMES.filter((name) => name !== 'open' && name !== 'cancelled');
  return {
    attempts: more(failed, before.outcomes, after.outcomes),
    losses: more(LOSS_REASONS, before.closeReasons, after.closeReasons),
  };
}

const isOver = (tally: Tally, level: number): boolean =>
  tally.toCut === 0 && tally.away === 0 && isAtLevel(tally, level);

/** For how long nobody may come back, before those that are away count as not back. */
function patienceOf({ context }: LegCourse): number {
  const { leg, openTimeoutMs } = context;
  if (leg.behaviour.kind !== 'storm') return 0;
  const { comesBack } = leg.behaviour;
  const waitMs =
    comesBack.how === 'backoff' ? comesBack.capMs : comesBack.how === 'fixed' ? comesBack.waitMs : comesBack.retryMs;
  return Math.max(LEAST_PATIENCE_MS, WAITS * (waitMs + openTimeoutMs));
}
