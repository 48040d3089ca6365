import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareOfSlot } from './slow-share.ts';

test('a share of connections that lie in the first slots of all workers is exact, and spread evenly', () => {
  for (const workers of [1, 2, 3, 7]) {
    for (const percent of [1, 10, 29, 33, 50, 100]) {
      for (const each of [1, 5, 100, 1000]) {
        let slow = 0;
        for (let first = 0; first < workers; first++) {
          for (let slot = 0; slot < each; slot++) if (shareOfSlot(slot, percent, { first, step: workers })) slow++;
        }
        const wanted = (workers * each * percent) / 100;
        assert.ok(Math.abs(slow - wanted) < 1 + 1e-9, `${slow} of ${workers} × ${each} at ${percent} %`);
      }
    }
  }
  const own = { first: 0, step: 1 };
  assert.deepEqual(
    Array.from({ length: 40 }, (_, slot) => slot).filter((slot) => shareOfSlot(slot, 10, own)),
    [9, 19, 29, 39],
  );
});
