import { setTimeout as delay } from 'node:timers/promises';
import { userBytesOf } from '../../../core/ledger/ledger.ts';
import type { VanishEpisode } from '../../../core/schemas/record.ts';
import type { VanishCost } from '../../../core/schemas/vanish.ts';
import { monotonicClock } from '../../../fleet/local/shared.ts';
import type { Vanished } from '../../../fleet/wire.ts';
import type { LegCourse } from '../leg-course.ts';
import { untilObeyed, type Wait } from '../obeyed.ts';
import { moveTo, untilTaken } from '../phases/ramp.ts';
import { check, waitFor } from '../watch.ts';
import { type TargetSeen, VanishLooks } from './vanish-looks.ts';

/** A look takes time of the machine that the server may run on, so looks that take long are rarer. */
const PAUSE_MS = 50;
const PAUSE_MOST_MS = 120;
const PAUSE_FOR_EACH_LOOK = 3;

/** Has a share of the level's connections vanish, and times until the target has let go of each; then the level is made whole. */
export async function vanish(course: LegCourse, level: number): Promise<void> {
  const { fleet, ports, recorder } = course.context;
  course.enter('vanish', level);
  const { files, userBytes } = await seeTarget(course);
  const before = costOf(userBytes);
  await letVanish(course, level);
  const looks = new VanishLooks(fleet.vanished(), {
    ports,
    files,
    level,
    readTarget: () => seeTarget(course),
    now: monotonicClock(),
  });
  let after: VanishCost | null = null;
  try {
    await lookOn(course, level, looks);
    await moveTo(course, level, course.perSecond);
    await untilTaken(course, level);
    after = costOf((await seeTarget(course)).userBytes);
  } finally {
    const progress = course.progress();
    const vanishedAtMs = momentsOf(course, fleet.vanished());
    recorder.sample({
      type: 'vanish',
      ...course.now(),
      level,
      ...looks.result(),
      vanishedAtMs,
      before,
      after,
      progress,
    });
  }
}

/** Until none is still to vanish, and it is known which have. */
async function letVanish({ context }: LegCourse, level: number): Promise<void> {
  const { fleet, watched } = context;
  const wait: Wait = (condition) => waitFor(condition, level, watched);
  await untilObeyed(fleet, fleet.beginEpisode(), wait);
  await wait(({ vanishing, vanished }) => vanishing === 0 && fleet.vanished().length >= vanished);
}

async function lookOn(course: LegCourse, level: number, looks: VanishLooks): Promise<void> {
  const { vanishForMs, meters, watched } = course.context;
  const endsAtMs = performance.now() + vanishForMs;
  for (;;) {
    const startedAtMs = performance.now();
    await looks.look(meters.readQuick().targetBytes);
    course.tell({ vanished: { of: looks.vanished, held: looks.held } });
    await check(level, watched);
    const nowMs = performance.now();
    if (looks.isOver || startedAtMs >= endsAtMs) return;
    const pauseMs = Math.min(PAUSE_MOST_MS, Math.max(PAUSE_MS, PAUSE_FOR_EACH_LOOK * (nowMs - startedAtMs)));
    await delay(Math.max(0, Math.min(pauseMs, endsAtMs - nowMs)));
  }
}

/** When the first and the last vanished, by the clock of the run. */
function momentsOf({ context }: LegCourse, vanished: readonly Vanished[]): VanishEpisode['vanishedAtMs'] {
  const sinceRunMs = context.elapsedMs() - monotonicClock()();
  const times = vanished.map(({ atMs }) => Math.max(0, atMs + sinceRunMs)).sort((a, b) => a - b);
  return [times[0] ?? 0, times.at(-1) ?? 0];
}

async function seeTarget({ context }: LegCourse): Promise<TargetSeen> {
  const { target } = await context.meters.readEnds();
  const files = target?.openFiles ?? null;
  return { files, userBytes: context.meters.readQuick().targetBytes ?? userBytesOf({ target, exporter: null }) };
}

/** None has vanished yet, or the target has been told of all that had. */
const costOf = (userBytes: number | null): VanishCost => ({ userBytes, unackedBytes: 0, unackedMemoryBytes: 0 });
