import { setTimeout as delay } from 'node:timers/promises';
import { userBytesOf } from '../../../core/ledger/ledger.ts';
import { since, toSparse } from '../../../core/stats/histogram.ts';
import type { HistogramName, Tally } from '../../../fleet/wire.ts';
import { isAtLevel, type LegCourse } from '../leg-course.ts';
import { moveTo, untilTaken } from '../phases/ramp.ts';
import { check } from '../watch.ts';

/** Memory is read 20 times a second: old and new connections overlap for less than a second where all come back at once. */
const LOOK_MS = 50;
/** So many waits of the longest kind, with an attempt after each, may pass without anybody who comes back. */
const WAITS = 3;
const LEAST_PATIENCE_MS = 10_000;

const TIMES = ['backAfter', 'admission', 'returnOwnLag'] as const satisfies readonly HistogramName[];

/** Cuts a share of the level's connections, and looks on until all are back; those that are not in time are opened by the ramp. */
export async function storm(course: LegCourse, level: number): Promise<void> {
  const { leg, fleet, recorder, watched } = course.context;
  const { behaviour } = leg;
  if (behaviour.kind !== 'storm') return;
  course.enter('storm', level);
  const before = { tally: fleet.tally(), times: TIMES.map((name) => fleet.histogram(name)) };
  const peak = new PeakMemory(() => userNow(course));
  const beforeBytes = peak.look();
  let isConfirmed = false;
  void fleet.confirmed(fleet.beginEpisode()).then(() => {
    isConfirmed = true;
  });
  const startedAtMs = performance.now();
  const patienceMs = patienceOf(course);
  let tally = fleet.tally();
  let afterBytes: number | null = null;
  let tookMs = 0;
  let [back, backAtMs] = [before.tally.back, 0];
  try {
    for (;;) {
      tally = fleet.tally();
      tookMs = performance.now() - startedAtMs;
      peak.look();
      if (isConfirmed && tally.cut > before.tally.cut && isOver(tally, level)) break;
      if (tally.back > back) [back, backAtMs] = [tally.back, tookMs];
      if (tookMs - backAtMs > patienceMs) break;
      await check(level, watched, tally);
      await delay(LOOK_MS);
    }
    tookMs = isOver(tally, level) ? Math.max(0, tally.lastBackAtMs - tally.begunAtMs) : tookMs;
    if (isOver(tally, level)) {
      await untilTaken(course, level);
      afterBytes = userNow(course);
    } else {
      await moveTo(course, level, leg.connectsPerSecond);
    }
  } finally {
    const after = fleet.tally();
    const grown = (field: 'cut' | 'retries' | 'heldBack' | 'pardoned'): number => after[field] - before.tally[field];
    const [backAfter, admission, ownLag] = TIMES.map((name, i) =>
      toSparse(since(before.times[i]!, fleet.histogram(name))),
    );
    recorder.sample({
      type: 'storm',
      ...course.now(),
      level,
      how: behaviour.cut,
      cut: grown('cut'),
      back: tally.back - before.tally.back,
      retries: grown('retries'),
      heldBack: grown('heldBack'),
      failedMeanwhile: grown('pardoned'),
      tookMs,
      beforeBytes,
      peakBytes: peak.bytes,
      peakAtMs: peak.atMs === null ? null : Math.max(0, peak.atMs - startedAtMs),
      afterBytes,
      backAfter: backAfter!,
      admission: admission!,
      ownLag: ownLag!,
      looks: peak.looks,
      progress: course.progress(),
    });
  }
}

const isOver = (tally: Tally, level: number): boolean => tally.away === 0 && isAtLevel(tally, level);

/** For how long nobody may come back, before those that are away count as not back. */
function patienceOf({ context }: LegCourse): number {
  const { leg, openTimeoutMs } = context;
  if (leg.behaviour.kind !== 'storm') return 0;
  const { comesBack } = leg.behaviour;
  const waitMs =
    comesBack.how === 'backoff' ? comesBack.capMs : comesBack.how === 'fixed' ? comesBack.waitMs : comesBack.retryMs;
  return Math.max(LEAST_PATIENCE_MS, WAITS * (waitMs + openTimeoutMs));
}

const userNow = ({ context }: LegCourse): number | null =>
  userBytesOf({ target: context.meters.readLive().target, exporter: null });

/** The most that was read, and when. */
class PeakMemory {
  readonly #read: () => number | null;
  bytes: number | null = null;
  atMs: number | null = null;
  looks = 0;

  constructor(read: () => number | null) {
    this.#read = read;
  }

  look(): number | null {
    const bytes = this.#read();
    this.looks += 1;
    if (bytes !== null && (this.bytes === null || bytes > this.bytes)) {
      [this.bytes, this.atMs] = [bytes, performance.now()];
    }
    return bytes;
  }
}
