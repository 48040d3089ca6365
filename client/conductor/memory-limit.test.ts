import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import type { MemoryCrossing } from '../../core/limit/memory-crossing.ts';
import { progressOf, tick } from '../../test/support/synthetic-run.ts';
import { watchMemory } from './memory-limit.ts';

const LIMIT = 100;
const ticks = (bytes: readonly (number | null)[], limit: number | undefined, freeBytes: number): MemoryCrossing[] => {
  const crossings: MemoryCrossing[] = [];
  const watch = watchMemory(
    limit,
    (crossing) => crossings.push(crossing),
    () => freeBytes,
  );
  for (const targetBytes of bytes) watch.sample({ ...tick(1, progressOf(1).counts), targetBytes } as never);
  return crossings;
};

test('the first that passes the limit is told, once; what is not known passes none', () => {
  const plenty = totalmem();
  assert.deepEqual(ticks([null, 99, 100], LIMIT, plenty), []);
  assert.deepEqual(ticks([99, 101, 200], LIMIT, plenty), [{ of: 'target', bytes: 101, limitBytes: LIMIT }]);
  assert.deepEqual(ticks([1e15], undefined, plenty), []);
});

test('a machine that has next to nothing left is told without any limit', () => {
  const [crossing, ...more] = ticks([null, null], undefined, 1000);
  assert.deepEqual([crossing?.of, crossing?.bytes, more.length], ['machine', 1000, 0]);
  assert.ok(crossing!.limitBytes <= 512 * 2 ** 20 && crossing!.limitBytes > 1000);
});
