import type { RecordedLeg } from '../../core/schemas/leg.ts';
import { type LegSummary, type Rtt, STAGES } from '../../core/schemas/leg-summary.ts';
import type { LegProgress, MemoryPoint, Sample } from '../../core/schemas/record.ts';
import type { Talk } from '../../core/schemas/talk.ts';
import { countOf, meanMs, quantileMs, type SparseHistogram } from '../../core/stats/histogram.ts';
import { zeroOutcomes } from '../../core/values/outcomes.ts';
import { besideReplies } from './received.ts';

type Tick = Extract<Sample, { type: 'tick' }>;

/** Processor time is counted in ticks of 10 ms for each process: less than this in all says nothing. */
const LEAST_CPU_SECONDS = 0.2;

/** Counts as they last stood: a tick is fresher than a memory point when the client was killed. */
export function attemptsOf(
  progress: LegProgress | undefined,
  tick: Tick | undefined,
): Pick<LegSummary, 'attempts' | 'outcomes'> {
  const fromTick = tick && tick.counts.attempts > (progress?.counts.attempts ?? -1);
  return {
    attempts: (fromTick ? tick.counts.attempts : progress?.counts.attempts) ?? 0,
    outcomes: { ...zeroOutcomes(), ...(fromTick ? tick.outcomes : progress?.outcomes) },
  };
}

/** How a leg's connections opened. @param progress of its end, for a leg without a memory point */
export function openingOf(points: readonly MemoryPoint[], progress: LegProgress | undefined): LegSummary['open'] {
  const climb = climbOf(points, progress);
  const histogram = climb?.openPlanned ?? [];
  const at = (q: number): number | null => quantileMs(histogram, q) ?? null;
  const rated = climb && climb.rampMs > 0 && countOf(histogram) > 0;
  return {
    ratePerSecond: rated ? (climb.rampOpened * 1000) / climb.rampMs : null,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    targetCpuMs: targetCpuMs(points),
  };
}

/** The burst comes after everything that is asked about here. */
const climbOf = (points: readonly MemoryPoint[], progress: LegProgress | undefined): LegProgress | undefined =>
  points.findLast(({ phase }) => phase !== 'burst')?.progress ?? progress;

type Stages = NonNullable<LegSummary['stages']>;

/** What opening consisted of, over the same climb. */
export function stagesOf(points: readonly MemoryPoint[], progress: LegProgress | undefined): LegSummary['stages'] {
  const told = climbOf(points, progress)?.stages;
  const [connecting, securing, handshaking] = STAGES.map((name) => stageOf(told?.[name] ?? []));
  return connecting && handshaking ? { connecting, securing: securing ?? null, handshaking } : null;
}

/** How long open connections waited for the target to speak, up to the end of the climb. */
export function waitsOf(
  points: readonly MemoryPoint[],
  progress: LegProgress | undefined,
): Pick<LegSummary, 'eventGap' | 'answerHeld'> {
  const told = climbOf(points, progress)?.waits;
  return { eventGap: waitIn(told?.eventGap ?? []), answerHeld: waitIn(told?.answerHeld ?? []) };
}

function waitIn(histogram: SparseHistogram): LegSummary['eventGap'] {
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((q) => quantileMs(histogram, q));
  return p50Ms === undefined ? null : { count: countOf(histogram), p50Ms, p99Ms: p99Ms!, maxMs: maxMs! };
}

function stageOf(histogram: SparseHistogram): Stages['connecting'] | null {
  const [p50Ms, p99Ms, maxMs, mean] = [0.5, 0.99, 1].map((q) => quantileMs(histogram, q)).concat(meanMs(histogram));
  return p50Ms === undefined ? null : { p50Ms, p99Ms: p99Ms!, maxMs: maxMs!, meanMs: mean! };
}

/** What was said on the climb, and what of it went over the wire. */
export function bytesOf(
  leg: RecordedLeg,
  points: readonly MemoryPoint[],
  progress: LegProgress | undefined,
): LegSummary['bytes'] {
  const all = climbOf(points, progress)?.bytes ?? null;
  if (all === null) return null;
  const climb = points.filter(({ phase, cycle }) => cycle === 0 && (phase === 'baseline' || phase === 'hold'));
  const [first, last] = [climb[0]?.progress, climb.at(-1)?.progress];
  const opened = (last?.rampOpened ?? 0) - (first?.rampOpened ?? 0);
  const isSilent = (leg.behaviour?.kind ?? 'idle') === 'idle';
  const [before, after] = [first?.bytes, last?.bytes];
  if (!before || !after || opened <= 0 || !isSilent) return { perOpen: null, all };
  const each = (name: keyof typeof all): number => (after[name] - before[name]) / opened;
  return { perOpen: { in: each('in'), out: each('out'), wireIn: each('wireIn'), wireOut: each('wireOut') }, all };
}

/**
 * Processor time of the target from each level to the next ÷ connections opened on the way. It ends before any forced
 * collection. What the target does anyway counts as well, and connections that come faster share more of it: so this is the
 * most that one costs. It is null where messages or requests were exchanged meanwhile, which cost far more than opening.
 */
function targetCpuMs(points: readonly MemoryPoint[]): number | null {
  // So were connections that came in place of others.
  if (points.some(({ phase }) => phase === 'churn')) return null;
  let cpuSeconds = 0;
  let opened = 0;
  let before: MemoryPoint | undefined;
  for (const point of points.filter(({ phase }) => phase === 'baseline' || phase === 'hold')) {
    const start = before?.readings.target;
    const end = (point.unforced ?? point.readings).target;
    if (point.talk !== null) return null;
    if (before && point.level > before.level) {
      if (!start || !end) return null;
      cpuSeconds += Math.max(0, end.cpuSeconds - start.cpuSeconds);
      opened += point.progress.rampOpened - before.progress.rampOpened;
    }
    before = point;
  }
  return opened <= 0 || cpuSeconds < LEAST_CPU_SECONDS ? null : (cpuSeconds * 1000) / opened;
}

export const rttAtTop = (leg: RecordedLeg, points: readonly MemoryPoint[]): Rtt | null => {
  const talk = points.findLast(({ phase }) => phase === 'hold')?.talk;
  return talk ? rttOf(leg, talk) : null;
};

export function rttOf(leg: RecordedLeg, talk: Talk): Rtt {
  const { rttPlanned, rttActual, messages, durationMs, lateReplies, lostReplies, fromOthers, statuses } = talk;
  const at = (q: number): number | null => quantileMs(rttPlanned, q) ?? null;
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    uncorrectedP99Ms: quantileMs(rttActual, 0.99) ?? null,
    messagesPerSecond: (messages * 1000) / durationMs,
    lateReplies,
    lostReplies,
    lostPercent: messages === 0 ? null : (lostReplies / messages) * 100,
    fromOthers,
    beside: besideReplies(leg, talk),
    statuses,
  };
}

/** With so many lost the median isn't known: half or more got no answer in time. */
export const LARGE_LOSS_PERCENT = 50;

/** Messages went out, and not one came back to its sender. */
export const isUnanswered = ({ p50Ms, lostReplies }: Rtt): boolean => p50Ms === null && lostReplies > 0;

/** Answers that nobody would want; null where answers have no status. */
export const refusedOf = ({ statuses }: Rtt): number | null => statuses && statuses['4xx'] + statuses['5xx'];
