import type { Sample } from '../../core/schemas/record.ts';
import type { StormSummary } from '../../core/schemas/storm.ts';
import { quantileMs } from '../../core/stats/histogram.ts';

type StormEpisode = Extract<Sample, { type: 'storm' }>;

/** What came of the storm of a launch; null where there was none. */
export function stormOf(samples: readonly Sample[]): StormSummary | null {
  const storm = samples.find((sample): sample is StormEpisode => sample.type === 'storm' && sample.cut > 0);
  if (!storm) return null;
  const { level, cut, back, retries, heldBack, failedMeanwhile, tookMs } = storm;
  const { beforeBytes, peakBytes, peakAtMs, afterBytes, backAfter, admission, ownLag } = storm;
  const notBack = Math.max(0, cut - back);
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
    backP50Ms: quantileMs(backAfter, 0.5) ?? null,
    backP99Ms: quantileMs(backAfter, 0.99) ?? null,
    allBackMs: notBack === 0 ? tookMs : null,
    admissionP50Ms: quantileMs(admission, 0.5) ?? null,
    admissionP99Ms: quantileMs(admission, 0.99) ?? null,
    backPerSecond: tookMs > 0 && back > 0 ? (back * 1000) / tookMs : null,
    beforeBytes,
    peakBytes,
    peakAtMs,
    afterBytes,
    peakBytesPerCut: isKnown ? (peakBytes - beforeBytes) / cut : null,
    ownLagP99Ms: quantileMs(ownLag, 0.99) ?? null,
    restart: storm.restart ?? null,
  };
}
