import type { BroadcastSample, BroadcastSummary } from '../../core/schemas/broadcast.ts';
import type { Sample } from '../../core/schemas/record.ts';
import { quantileMs, type SparseHistogram } from '../../core/stats/histogram.ts';

const COUNTS = [
  'messages',
  'expected',
  'reached',
  'missing',
  'duplicates',
  'disordered',
  'late',
  'unasked',
  'returned',
  'untold',
  'refused',
] as const satisfies ReadonlyArray<keyof BroadcastSample>;

/** What one published to all others, in one launch: counts of all levels, times of the top one; null where nobody did. */
export function broadcastOf(own: readonly Sample[]): BroadcastSummary | null {
  const stretches = own.filter((sample): sample is BroadcastSample => sample.type === 'broadcast');
  const top = stretches.filter(({ cycle }) => cycle === 0).at(-1);
  if (top === undefined) return null;
  const counts = sumCounts(stretches);
  return {
    ...counts,
    missingPercent: shareOf(counts.missing, counts.expected),
    duplicatePercent: shareOf(counts.duplicates, counts.expected),
    subscribers: top.messages === 0 ? 0 : Math.round(top.expected / top.messages),
    ...timesOf(top.delivery),
    deliveryMaxMs: quantileMs(top.delivery, 1) ?? null,
    firstMs: medianOf(top.firsts),
    lastMs: medianOf(top.lasts),
    fairness: top.fairness,
    memory: memoryOf(top),
    levels: stretches
      .filter(({ cycle }) => cycle === 0)
      .map(({ level, expected, reached, duplicates, delivery }) => ({
        open: level,
        expected,
        reached,
        duplicates,
        ...timesOf(delivery),
      })),
  };
}

/** Counts are summed over launches; times are those of the first. */
export function pooledBroadcast(launches: readonly BroadcastSummary[]): BroadcastSummary | null {
  const [first] = launches;
  if (first === undefined) return null;
  const counts = sumCounts(launches);
  return {
    ...first,
    ...counts,
    missingPercent: shareOf(counts.missing, counts.expected),
    duplicatePercent: shareOf(counts.duplicates, counts.expected),
  };
}

type BroadcastCounts = Record<(typeof COUNTS)[number], number>;

const sumCounts = (parts: readonly BroadcastCounts[]): BroadcastCounts =>
  Object.fromEntries(COUNTS.map((name) => [name, parts.reduce((sum, part) => sum + part[name], 0)])) as BroadcastCounts;

const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

const timesOf = (delivery: SparseHistogram): Pick<BroadcastSummary, 'deliveryP50Ms' | 'deliveryP99Ms'> => ({
  deliveryP50Ms: quantileMs(delivery, 0.5) ?? null,
  deliveryP99Ms: quantileMs(delivery, 0.99) ?? null,
});

function medianOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}

/** A server that copies each message for each subscriber, and keeps all copies, has an amplification of 1. */
function memoryOf({ memory, messages, expected, messageBytes }: BroadcastSample): BroadcastSummary['memory'] {
  if (memory === null) return null;
  const peakGrowthBytes = Math.max(0, memory.peakBytes - memory.restBytes);
  const sentBytes = messages === 0 ? 0 : (messageBytes * expected) / messages;
  return { peakGrowthBytes, amplification: sentBytes === 0 ? null : peakGrowthBytes / sentBytes };
}
