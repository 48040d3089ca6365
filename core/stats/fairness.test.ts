import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fairnessOf } from './fairness.ts';
import { seededRandom } from './random.ts';

const [CONNECTIONS, MESSAGES] = [500, 40];

/** Connections whose place is a share of their own, and a draw for the rest. */
function shares(ownShare: number) {
  const random = seededRandom(7);
  return Array.from({ length: CONNECTIONS }, (_, i) => {
    let sum = 0;
    for (let m = 0; m < MESSAGES; m++) sum += random() < ownShare ? (i + 0.5) / CONNECTIONS : random();
    return { deliveries: MESSAGES, place: sum / MESSAGES, delayMs: i };
  });
}

test('an order that is another each time is told from one that is always the same', () => {
  assert.ok(fairnessOf(shares(0))!.sameOrder < 0.02);
  assert.ok(fairnessOf(shares(1))!.sameOrder > 0.98);
  const half = fairnessOf(shares(0.5))!.sameOrder;
  assert.ok(half > 0.2 && half < 0.3, String(half));
});

test('delays are those of the quickest and the slowest tenth', () => {
  const { connections, quickestTenthMs, slowestTenthMs } = fairnessOf(shares(1))!;
  assert.deepEqual([connections, quickestTenthMs, slowestTenthMs], [500, 24.5, 474.5]);
});

test('one message tells nothing, nor does one connection', () => {
  assert.equal(
    fairnessOf([
      { deliveries: 1, place: 0, delayMs: 1 },
      { deliveries: 1, place: 1, delayMs: 1 },
    ]),
    null,
  );
  assert.equal(fairnessOf([{ deliveries: 9, place: 0, delayMs: 1 }]), null);
});
