import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { churnCostOf } from './churn-cost.ts';

const churned = (bytes: number): Pick<LegSummary, 'churn'> =>
  ({ churn: { perConnection: { bytes, low: bytes - 50, high: bytes + 50 } } }) as Pick<LegSummary, 'churn'>;
const base = {
  perConnection: { total: { bytes: 5000, low: 4990, high: 5010 }, coarseBytes: 0 },
  launches: { count: 4 },
} as LegSummary;

test('what one more costs while connections are replaced is held against the base', () => {
  const { interval, difference } = churnCostOf([churned(6000), churned(6010)], base)!;
  assert.equal(interval.bytes, 6005);
  assert.equal(difference!.bytes, 1005);
  assert.equal(difference!.word, 'dearer');
  assert.equal(churnCostOf([churned(6000), churned(6010)], null)!.difference, null);
  assert.equal(churnCostOf([{ churn: null }], base), null);
});
