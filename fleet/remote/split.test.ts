import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { splitByParts, splitByRoom } from './split.ts';

const sum = (parts: readonly number[]): number => parts.reduce((total, part) => total + part, 0);

describe('splitByRoom', () => {
  it('gives each the same', () => {
    assert.deepEqual(splitByRoom(10, [null, null, null]), [4, 3, 3]);
    assert.deepEqual(splitByRoom(10, [100, 100]), [5, 5]);
  });

  it('gives nobody more than it has room for', () => {
    assert.deepEqual(splitByRoom(100, [10, null, 50]), [10, 45, 45]);
  });

  it('gives up where there is no room', () => {
    assert.equal(splitByRoom(100, [10, 20]), undefined);
    assert.equal(splitByRoom(1, []), undefined);
  });

  it('sums to all', () => {
    const rooms = fc.array(fc.option(fc.nat(1000)), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.nat(5000), rooms, (total, all) => {
        const parts = splitByRoom(total, all);
        const most = sum(all.map((room) => room ?? 5000));
        if (parts === undefined) assert.ok(most < total);
        else {
          assert.equal(sum(parts), total);
          assert.ok(parts.every((part, i) => part <= (all[i] ?? 5000)));
        }
      }),
    );
  });
});

describe('splitByParts', () => {
  it('keeps proportions', () => {
    assert.deepEqual(splitByParts(10, [30, 10, 10]), [6, 2, 2]);
    assert.deepEqual(splitByParts(0, [3, 1]), [0, 0]);
  });

  it('sums to what is wanted, of nobody more than its part', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (parts, part) => {
          const wanted = Math.floor(sum(parts) * part);
          const own = splitByParts(wanted, parts);
          assert.equal(sum(own), wanted);
          assert.ok(own.every((one, i) => one >= 0 && one <= parts[i]!));
        },
      ),
    );
  });
});
