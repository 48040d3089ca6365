import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import { MemoryGuard } from './memory-guard.ts';

/** What a guard says after looks at these. */
const afterLooks = (guard: MemoryGuard, bytes: readonly (number | null)[]) => {
  for (const one of bytes) guard.look(one);
  return guard.error;
};
const guardOf = (limitBytes: number | undefined, freeBytes = totalmem(), slow = 0): MemoryGuard =>
  new MemoryGuard({
    url: 'tcp://h:1',
    limitBytes,
    tally: () => ({ open: 20, slow }),
    readFree: () => freeBytes,
  });

test('the first that passes the limit ends it, and that stays so; what is not known passes none', () => {
  const guard = guardOf(1000, totalmem(), 3);
  assert.equal(afterLooks(guard, [null, 999, 1000]), undefined);
  const error = afterLooks(guard, [1001, 5000, 10]);
  assert.equal(error?.code, 'EMEMORYLIMIT');
  assert.match(
    error.message,
    /took 1001 B, more than the 1000 B of --memory-limit, at 20 connections to tcp:..h:1, of which 3 read slowly/,
  );
  assert.equal(afterLooks(guardOf(undefined), [1e15]), undefined);
});

test('a machine that has next to nothing left ends it without any limit', () => {
  const error = afterLooks(guardOf(undefined, 1000), [null]);
  assert.deepEqual([error?.code, error?.exitCode], ['EMEMORY', 3]);
  assert.match(error!.message, /this machine has 1000 B of its /);
});
