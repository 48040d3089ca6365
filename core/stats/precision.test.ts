import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachPercent } from './precision.ts';

test('how far a cost may be off, of itself', () => {
  assert.equal(reachPercent({ bytes: 200, low: 190, high: 204 }), 5);
  assert.equal(reachPercent({ bytes: 0, low: -1, high: 1 }), Number.POSITIVE_INFINITY);
  assert.equal(reachPercent(null), Number.POSITIVE_INFINITY);
});
