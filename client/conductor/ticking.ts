import { cpuUsage, memoryUsage, resourceUsage } from 'node:process';
import type { Sample } from '../../core/schemas/record.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import type { Plan } from '../../core/values/plan.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import type { Meters } from '../../memory/meter-set.ts';
import { type GoesOn, type Progress, ProgressMeter } from '../progress.ts';
import type { GoingOnAt } from './begun-soak.ts';
import { doingNow } from './doing-now.ts';
import { countsOf, type LegState, receivedIn, segmentOf, sharesOf } from './leg-course.ts';
import type { MemoryGuard } from './memory-guard.ts';
import type { Recorder } from './recorder.ts';

const TICK_MS = 200;
/** Workers on other machines say once a second how their shares stand. */
const SHARES_EVERY_MS = 1000;

/** What a tick looks at. */
interface Ticked {
  readonly plan: Plan;
  readonly launch: number;
  /** The leg's index in the plan. */
  readonly index: number;
  readonly fleet: Pick<Fleet, 'tally' | 'shares'>;
  readonly meters: Pick<Meters, 'readQuick'>;
  readonly recorder: Recorder;
  readonly elapsedMs: () => number;
  readonly state: () => LegState;
  readonly costSoFar: () => Estimate | null;
  readonly goesOn: GoesOn;
  readonly goingOn: GoingOnAt | undefined;
  /** Told the target's user memory of each tick. */
  readonly guard: Pick<MemoryGuard, 'look'>;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * A few times a second: a sample for the record, progress for the person.
 *
 * @returns ends it, with a last tick
 */
export function startTicking(ticked: Ticked): () => void {
  const {
    plan,
    launch,
    index,
    fleet,
    meters,
    recorder,
    elapsedMs,
    state,
    costSoFar,
    goesOn,
    goingOn,
    guard,
    onProgress,
  } = ticked;
  const progress = new ProgressMeter(plan, launch, index, goesOn);
  let keptAtMs = Number.NEGATIVE_INFINITY;
  let keptPhase: LegState['phase'] | undefined;
  let sharesAtMs = Number.NEGATIVE_INFINITY;
  let sharesLost = 0;
  const tick = (isLast = false): void => {
    const tally = fleet.tally();
    const counts = countsOf(tally);
    const { targetBytes } = meters.readQuick();
    guard.look(targetBytes);
    const { user, system } = cpuUsage();
    const { phase, level, tickEveryMs = 0 } = state();
    const nowMs = elapsedMs();
    const isKept = isLast || phase !== keptPhase || nowMs - keptAtMs >= tickEveryMs;
    if (isKept) [keptAtMs, keptPhase] = [nowMs, phase];
    const hasShares = isLast || nowMs - sharesAtMs >= SHARES_EVERY_MS;
    const shares = hasShares ? sharesOf(fleet) : {};
    if (hasShares) {
      sharesAtMs = nowMs;
      sharesLost = shares.shares?.filter(({ lease }) => lease !== 'held').length ?? 0;
    }
    const sample: Sample = {
      type: 'tick',
      elapsedMs: nowMs,
      launch,
      leg: index,
      protocol: plan.legs[index]!.protocol,
      ...segmentOf(goingOn),
      phase,
      level,
      counts,
      outcomes: tally.outcomes,
      received: receivedIn(tally),
      targetBytes,
      generatorRssBytes: readOwnRssBytes(),
      generatorCpuSeconds: (user + system) / 1e6,
      ...shares,
      ...doingNow(plan.legs[index]!, tally, state()),
    };
    if (isKept) recorder.sample(sample);
    else recorder.passing(sample);
    onProgress(progress.at(nowMs, state(), counts, { targetBytes, cost: costSoFar(), sharesLost }));
  };
  tick();
  const timer = setInterval(() => tick(), TICK_MS);
  return () => {
    clearInterval(timer);
    tick(true);
  };
}

/** Asking takes a file descriptor; when none is left, the peak, which takes none, stands in. */
function readOwnRssBytes(): number {
  try {
    return memoryUsage.rss();
  } catch {
    return resourceUsage().maxRSS * 1024;
  }
}
