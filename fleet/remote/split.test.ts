import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { divide, type Portion, sumOf } from './split.ts';

const rooms = (...most: readonly (number | null)[]): Portion[] =>
  most.map((one) => ({ weight: 1, least: 0, most: one ?? Number.POSITIVE_INFINITY }));
const weights = (...all: readonly number[]): Portion[] =>
  all.map((weight) => ({ weight, least: 0, most: Number.POSITIVE_INFINITY }));

describe('divide', () => {
  it('gives each the same where all weigh the same', () => {
    assert.deepEqual(divide(10, rooms(null, null, null)), [4, 3, 3]);
    assert.deepEqual(divide(10, rooms(100, 100)), [5, 5]);
    assert.deepEqual(divide(1_000_000, rooms(null, null, null, null)), [250_000, 250_000, 250_000, 250_000]);
  });

  it('gives nobody more than it has room for', () => {
    assert.deepEqual(divide(100, rooms(10, null, 50)), [10, 45, 45]);
  });

  it('keeps proportions', () => {
    assert.deepEqual(divide(10, weights(30, 10, 10)), [6, 2, 2]);
    assert.deepEqual(divide(0, weights(3, 1)), [0, 0]);
    assert.deepEqual(divide(7, weights(1e-9, 6e-9)), [1, 6]);
  });

  it('leaves each what it has', () => {
    const parts = [
      { weight: 1, least: 50, most: 1000 },
      { weight: 3, least: 20, most: 1000 },
    ];
    assert.deepEqual(divide(100, parts), [50, 50]);
    assert.deepEqual(divide(400, parts), [100, 300]);
  });

  it('gives up where there is no room', () => {
    assert.equal(divide(100, rooms(10, 20)), undefined);
    assert.equal(divide(1, []), undefined);
    assert.equal(divide(1, [{ weight: 1, least: 2, most: 3 }]), undefined);
  });

  it('sums to all, within the bounds, and never gives more to a smaller weight that is as free', () => {
    const part = fc.record({
      weight: fc.integer({ min: 1, max: 1000 }),
      least: fc.nat(100),
      more: fc.option(fc.nat(1000), { nil: Number.POSITIVE_INFINITY }),
    });
    fc.assert(
      fc.property(fc.nat(5000), fc.array(part, { minLength: 1, maxLength: 9 }), (total, all) => {
        const parts = all.map(({ weight, least, more }) => ({ weight, least, most: least + more }));
        const own = divide(total, parts);
        if (own === undefined) {
          const isTooMuch = sumOf(parts.map(({ most }) => Math.min(most, 1e9))) < total;
          assert.ok(isTooMuch || sumOf(parts.map(({ least }) => least)) > total);
          return;
        }
        assert.equal(sumOf(own), total);
        for (const [i, one] of own.entries()) {
          assert.ok(one >= parts[i]!.least && one <= parts[i]!.most);
          const smaller = parts.findIndex(
            ({ weight, most }, j) =>
              weight < parts[i]!.weight && one < parts[i]!.most && own[j]! > parts[j]!.least && most > 0,
          );
          if (smaller >= 0) assert.ok(own[smaller]! <= one + 1, `${JSON.stringify(parts)} ${own}`);
        }
      }),
    );
  });
});
