import type { Sample, StormEpisode } from '../../core/schemas/record.ts';
import type { StormSummary } from '../../core/schemas/storm.ts';
import { quantileMs, type SparseHistogram } from '../../core/stats/histogram.ts';
import { LOSS_REASONS, OUTCOMES } from '../../core/values/outcomes.ts';

/** What came of the storm of a launch; null where there was none. */
export function stormOf(samples: readonly Sample[]): StormSummary | null {
  const storm = samples.find((sample): sample is StormEpisode => sample.type === 'storm' && sample.cut > 0);
  if (!storm) return null;
  const { level, cut, back, retries, heldBack, failedMeanwhile, tookMs } = storm;
  const { beforeBytes, peakBytes, peakAtMs, afterBytes, backAfter, admission, ownLag } = storm;
  const notBack = Math.max(0, cut - back);
  const allBackMs = notBack === 0 ? tookMs : null;
  // A histogram is coarser than the time of the last one.
  const awayAt = (q: number): number | null => {
    const ms = quantileMs(backAfter, q);
    return ms === undefined ? null : Math.min(ms, allBackMs ?? ms);
  };
  const isKnown = peakBytes !== null && beforeBytes !== null;
  return {
    level,
    cut,
    back,
    notBack,
    retries,
    heldBack,
    failedMeanwhile,
    tookMs,
    backP50Ms: awayAt(0.5),
    backP99Ms: awayAt(0.99),
    allBackMs,
    admissionP50Ms: quantileMs(admission, 0.5) ?? null,
    admissionP99Ms: quantileMs(admission, 0.99) ?? null,
    backPerSecond: tookMs > 0 && back > 0 ? (back * 1000) / tookMs : null,
    beforeBytes,
    peakBytes,
    peakAtMs,
    afterBytes,
    peakBytesPerCut: isKnown ? (peakBytes - beforeBytes) / cut : null,
    ownLagP99Ms: quantileMs(ownLag, 0.99) ?? null,
    kernel: storm.kernel ?? null,
    settledBytes: storm.settledBytes ?? null,
    failures: storm.failures ? withNone(storm.failures) : null,
    stages: storm.stages
      ? {
          connecting: stageOf(storm.stages.connecting),
          securing: stageOf(storm.stages.securing),
          handshaking: stageOf(storm.stages.handshaking),
        }
      : null,
    pace: paceOf(storm),
    restart: storm.restart ?? null,
  };
}

const FAILED = OUTCOMES.filter((name) => name !== 'open' && name !== 'cancelled');

/** What never occurred did so 0 times: a threshold on it has passed. */
const withNone = ({ attempts, losses }: NonNullable<StormEpisode['failures']>): StormSummary['failures'] => ({
  attempts: countsOf(FAILED, attempts),
  losses: countsOf(LOSS_REASONS, losses),
});

const countsOf = <K extends string>(names: readonly K[], counts: Readonly<Partial<Record<K, number>>>) =>
  Object.fromEntries(names.map((name) => [name, counts[name] ?? 0])) as Record<K, number>;

/** So many of those that began in a second are to be in time. */
const IN_TIME_SHARE = 0.99;

function paceOf({ withinMs, paces, restart }: StormEpisode): StormSummary['pace'] {
  // Attempts while nobody listens tell nothing of a pace.
  if (restart) return null;
  if (withinMs === undefined || !paces || paces.length === 0) return null;
  const isHeld = ({ begun, inTime }: (typeof paces)[number]): boolean => inTime >= IN_TIME_SHARE * begun;
  const most = Math.max(0, ...paces.filter(isHeld).map(({ begun }) => begun));
  const sumOf = (what: 'begun' | 'inTime'): number => paces.reduce((sum, pace) => sum + pace[what], 0);
  return {
    withinMs,
    heldPerSecond: most || null,
    missedPerSecond: paces.find((pace) => !isHeld(pace) && pace.begun > most)?.begun ?? null,
    inTimePercent: (100 * sumOf('inTime')) / sumOf('begun'),
  };
}

function stageOf(times: SparseHistogram): NonNullable<StormSummary['stages']>['connecting'] {
  const [p50Ms, p99Ms] = [quantileMs(times, 0.5), quantileMs(times, 0.99)];
  return p50Ms === undefined || p99Ms === undefined ? null : { p50Ms, p99Ms };
}
