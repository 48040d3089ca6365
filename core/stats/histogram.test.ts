import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DURATION_BUCKETS_SECONDS } from '../metrics/spec.ts';
import {
  bucketOf,
  countOf,
  cumulate,
  HISTOGRAM_BUCKETS,
  lowestOf,
  quantileMs,
  recordMs,
  sparseSince,
  sumHistograms,
  toSparse,
} from './histogram.ts';

const MAX = 2 ** 32 - 1;
/** Small, middling and huge values alike: a plain uniform draw would hardly ever be below a second. */
const micros = fc.integer({ min: 0, max: 32 }).chain((bits) => fc.integer({ min: 0, max: Math.max(1, 2 ** bits - 1) }));
const recorded = (values: readonly number[]): Uint32Array => {
  const counts = new Uint32Array(HISTOGRAM_BUCKETS);
  for (const value of values) recordMs(counts, value / 1000);
  return counts;
};

test('every bucket is the bucket of its lowest value, and buckets ascend', () => {
  for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    assert.equal(bucketOf(lowestOf(bucket)), bucket);
    if (bucket > 0) {
      assert.ok(lowestOf(bucket) > lowestOf(bucket - 1));
      assert.equal(bucketOf(lowestOf(bucket) - 1), bucket - 1);
    }
  }
  assert.equal(bucketOf(MAX), HISTOGRAM_BUCKETS - 1);
});

for (const [value, bucket] of [
  [-1, 0],
  [0.9, 0],
  [Number.NaN, 0],
  [127.9, 127],
  [MAX + 1, HISTOGRAM_BUCKETS - 1],
  [Number.POSITIVE_INFINITY, HISTOGRAM_BUCKETS - 1],
] as const) {
  test(`${value} µs is counted in bucket ${bucket}`, () => assert.equal(bucketOf(value), bucket));
}

test('property: a value lies in its bucket, which is no wider than 1/64 of it', () => {
  fc.assert(
    fc.property(micros, (value) => {
      const bucket = bucketOf(value);
      assert.ok(lowestOf(bucket) <= value && value < lowestOf(bucket + 1));
      assert.ok(lowestOf(bucket + 1) - lowestOf(bucket) <= Math.max(1, value / 64));
    }),
  );
});

test('property: quantiles are within 0.8 % + 1 µs of the sorted values', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(micros, { minLength: 1, maxLength: 300 }), share, (values, q) => {
      const sorted = values.toSorted((a, b) => a - b);
      const histogram = toSparse(recorded(values));
      for (const p of [q, 0, 0.5, 0.99, 1]) {
        // Recording in ms and back may lose 1 µs to the float.
        const exact = sorted[Math.max(1, Math.ceil(p * sorted.length)) - 1]!;
        assert.ok(Math.abs(quantileMs(histogram, p)! * 1000 - exact) <= exact * 0.008 + 1, `${p} of ${sorted}`);
      }
    }),
  );
});

test('property: sums of parts count what the whole counts', () => {
  fc.assert(
    fc.property(fc.array(fc.array(micros)), (parts) => {
      const summed = sumHistograms(parts.map(recorded));
      assert.deepEqual(summed, recorded(parts.flat()));
      assert.equal(countOf(toSparse(summed)), parts.flat().length);
    }),
  );
});

test('property: the sparse form loses nothing, ascends, and survives JSON', () => {
  fc.assert(
    fc.property(fc.array(micros), (values) => {
      const counts = recorded(values);
      const sparse = JSON.parse(JSON.stringify(toSparse(counts))) as Array<[number, number]>;
      const again = new Uint32Array(HISTOGRAM_BUCKETS);
      for (const [lowest, count] of sparse) again[bucketOf(lowest)] = count;
      assert.deepEqual(again, counts);
      assert.ok(sparse.every(([lowest, count], i) => count > 0 && (i === 0 || lowest > sparse[i - 1]![0])));
    }),
  );
});

test('property: earlier and later counts, as written down, differ by what came between', () => {
  fc.assert(
    fc.property(fc.array(micros), fc.array(micros), (earlier, later) => {
      const grown = sparseSince(toSparse(recorded(earlier)), toSparse(recorded([...earlier, ...later])));
      assert.deepEqual(grown, toSparse(recorded(later)));
    }),
  );
});

test('nothing recorded has no quantile; any thread may read while another counts', () => {
  assert.equal(quantileMs([], 0.5), undefined);
  const shared = new Uint32Array(new SharedArrayBuffer(HISTOGRAM_BUCKETS * 4));
  recordMs(shared, 5);
  recordMs(shared, 5);
  assert.deepEqual(toSparse(shared), [[lowestOf(bucketOf(5000)), 2]]);
});

test('property: wider buckets count what lies below their bounds', () => {
  const boundsMs = DURATION_BUCKETS_SECONDS.map((seconds) => seconds * 1000);
  fc.assert(
    fc.property(fc.array(micros, { maxLength: 50 }), (values) => {
      const { below, count, sumMs } = cumulate(toSparse(recorded(values)), boundsMs);
      const kept = values.map((value) => Math.min(value, MAX));
      assert.deepEqual(
        below,
        boundsMs.map((bound) => kept.filter((value) => value < bound * 1000).length),
      );
      assert.equal(count, values.length);
      const exactMs = kept.reduce((sum, value) => sum + value, 0) / 1000;
      assert.ok(Math.abs(sumMs - exactMs) <= exactMs / 128 + 1e-9, `${sumMs} for ${exactMs}`);
    }),
  );
});
