/**
 * A log-linear histogram (the layout of HdrHistogram: 64 linear steps in each power of two, so a value is known
 * within 0.8 %), over counts that may lie in shared memory. Recording is one increment: no allocation, no message,
 * and any thread can read or sum it while it grows. That is why it is ours: libraries keep their counts in objects.
 *
 * Values are whole microseconds from 0 to 2^32−1 (71 minutes); what is above is counted in the last bucket.
 */
const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
const MAX_VALUE = 2 ** 32 - 1;
export const HISTOGRAM_BUCKETS = (32 - SUB_BITS + 1) * SUB;

/** Counts for each bucket; `[lowest value of the bucket, count]` pairs are how it is written down. */
export type SparseHistogram = ReadonlyArray<readonly [number, number]>;

export function bucketOf(value: number): number {
  const v = value > MAX_VALUE ? MAX_VALUE : value < 0 ? 0 : Math.floor(value);
  const shift = Math.max(0, 31 - Math.clz32(v) - SUB_BITS);
  return shift * SUB + (v >>> shift);
}

/** The lowest value that falls into a bucket. */
export function lowestOf(bucket: number): number {
  if (bucket < 2 * SUB) return bucket;
  const shift = Math.floor(bucket / SUB) - 1;
  return (bucket - shift * SUB) * 2 ** shift;
}

/** The value a bucket stands for: its middle. */
export const middleOf = (bucket: number): number => (lowestOf(bucket) + lowestOf(bucket + 1) - 1) / 2;

export function recordMs(counts: Uint32Array, ms: number): void {
  const bucket = bucketOf(ms * 1000);
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}

/** Sums histograms, for instance one of each worker. */
export function sumHistograms(parts: readonly Uint32Array[]): Uint32Array {
  const sum = new Uint32Array(HISTOGRAM_BUCKETS);
  for (const part of parts) for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + part[i]!;
  return sum;
}

/** What a histogram grew by since an earlier look at it. */
export const since = (before: Uint32Array, now: Uint32Array): Uint32Array => now.map((count, i) => count - before[i]!);

export function toSparse(counts: ArrayLike<number>): Array<[number, number]> {
  const pairs: Array<[number, number]> = [];
  for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) pairs.push([lowestOf(i), counts[i]!]);
  return pairs;
}

/** Counts for wider buckets, as Prometheus has them. */
export interface Cumulated {
  /** For each upper bound how many values lie below it. */
  readonly below: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

/**
 * Sums a histogram up over wider buckets. Exact where the bounds are edges of our buckets. The sum is that of the buckets' middles, in ms.
 *
 * @param boundsMs ascending
 */
export function cumulate(histogram: SparseHistogram, boundsMs: readonly number[]): Cumulated {
  const below: number[] = [];
  let [count, sumMs] = [0, 0];
  for (const [lowest, here] of histogram) {
    while (below.length < boundsMs.length && lowest >= boundsMs[below.length]! * 1000) below.push(count);
    count += here;
    sumMs += (here * middleOf(bucketOf(lowest))) / 1000;
  }
  while (below.length < boundsMs.length) below.push(count);
  return { below, count, sumMs };
}

/** What a histogram as written down grew by since an earlier one of the same counts. */
export function sparseSince(before: SparseHistogram, now: SparseHistogram): Array<[number, number]> {
  const earlier = new Map(before.map(([lowest, count]) => [lowest, count]));
  return now
    .map(([lowest, count]): [number, number] => [lowest, count - (earlier.get(lowest) ?? 0)])
    .filter(([, count]) => count > 0);
}

export const countOf = (histogram: SparseHistogram): number => histogram.reduce((sum, [, count]) => sum + count, 0);

/** The mean of the buckets' middles, in ms; undefined when nothing was recorded. */
export function meanMs(histogram: SparseHistogram): number | undefined {
  const { count, sumMs } = cumulate(histogram, []);
  return count === 0 ? undefined : sumMs / count;
}

/**
 * The value below or at which a share `q` of all recorded values lies, in ms.
 *
 * @param q 0 to 1; 1 is the largest value recorded (within a bucket)
 * @returns undefined when nothing was recorded
 */
export function quantileMs(histogram: SparseHistogram, q: number): number | undefined {
  const total = countOf(histogram);
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  for (const [lowest, count] of histogram) {
    seen += count;
    if (seen >= rank) return middleOf(bucketOf(lowest)) / 1000;
  }
  return undefined;
}
