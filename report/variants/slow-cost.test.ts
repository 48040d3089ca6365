import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slowCostOf } from './slow-cost.ts';

const leg = (userBytesPerSlow: number | null, target: number | null): unknown => ({
  name: 'ws',
  slow: { userBytesPerSlow, allocatedBytesPerSlow: { target, client: 5 }, level: 100 },
});

test('what a slow reader takes is told over runs, as far as they know it', () => {
  const { user, kernel } = slowCostOf([leg(1000, 64_000), leg(1200, null)])!;
  assert.equal(user!.bytes, 1100);
  // Student's t with one degree of freedom: 12.71 × 141 ÷ √2.
  assert.ok(Math.abs(user!.high - user!.bytes - 1271) < 2, JSON.stringify(user));
  assert.deepEqual(kernel, { bytes: 64_000, low: 64_000, high: 64_000 });
  assert.deepEqual(slowCostOf([leg(null, null)]), { user: null, kernel: null });
});

test('where none read slowly there is nothing to tell', () => {
  assert.equal(slowCostOf([]), null);
  assert.equal(slowCostOf([{ name: 'ws', slow: null }, { name: 'ws' }]), null);
});
