import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rowsOfShare } from './share-rows.ts';

const SHARES = 3;

/** The row of each of so many connections, in the order of their numbers. */
function rowsOfNumbers(order: 'each' | 'cycle', count: number, numbers: number, most = numbers): number[] {
  const own = Array.from({ length: SHARES }, (_, share) => [
    ...rowsOfShare(order, count, { share, shares: SHARES }, most),
  ]);
  return Array.from({ length: numbers }, (_, n) => {
    const rows = own[n % SHARES]!;
    return rows[Math.floor(n / SHARES) % rows.length]!;
  });
}

it('each number has the row that it has in one process', () => {
  for (const count of [1, 2, 3, 9, 10, 100]) {
    const each = Array.from({ length: count }, (_, row) => row);
    assert.deepEqual(rowsOfNumbers('each', count, count), each);
    const cycle = Array.from({ length: 4 * count + 1 }, (_, n) => n % count);
    assert.deepEqual(rowsOfNumbers('cycle', count, cycle.length), cycle);
  }
});

it('a share that goes round has no more rows than it has connections', () => {
  assert.equal([...rowsOfShare('cycle', 1e6, { share: 1, shares: SHARES }, 50)].length, 50);
  assert.deepEqual([...rowsOfShare('cycle', 6, { share: 1, shares: SHARES }, 50)], [1, 4]);
});

it('any rows: all of them, none in two shares, unless there are fewer than shares', () => {
  const of = (count: number): number[] =>
    [0, 1, 2].flatMap((share) => [...rowsOfShare('random', count, { share, shares: SHARES }, 1)]);
  assert.deepEqual(
    of(10).sort((a, b) => a - b),
    Array.from({ length: 10 }, (_, row) => row),
  );
  assert.deepEqual(of(2), [0, 1, 0, 1, 0, 1]);
});
