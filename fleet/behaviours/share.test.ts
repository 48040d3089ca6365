import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOfShare } from './share.ts';

test('a share of connections that lie in the first slots of all workers is exact, and spread evenly', () => {
  for (const workers of [1, 2, 3, 7]) {
    for (const percent of [1, 10, 29, 33, 50, 100]) {
      for (const each of [1, 5, 100, 1000]) {
        let slow = 0;
        for (let first = 0; first < workers; first++) {
          for (let slot = 0; slot < each; slot++) if (isOfShare(slot, percent, { first, step: workers })) slow++;
        }
        const wanted = (workers * each * percent) / 100;
        assert.ok(Math.abs(slow - wanted) <= 0.5 + 1e-9, `${slow} of ${workers} × ${each} at ${percent} %`);
      }
    }
  }
  const own = { first: 0, step: 1 };
  assert.deepEqual(
    Array.from({ length: 40 }, (_, slot) => slot).filter((slot) => isOfShare(slot, 10, own)),
    [4, 14, 24, 34],
  );
});

test('a share that comes to one connection is nobody for no number of workers', () => {
  for (let workers = 1; workers <= 9; workers++) {
    for (let connections = 1; connections <= 40; connections++) {
      let chosen = 0;
      for (let first = 0; first < workers; first++) {
        // The first workers have those that are left over.
        const own = Math.ceil((connections - first) / workers);
        for (let place = 0; place < own; place++)
          if (isOfShare(place, 100 / connections, { first, step: workers })) chosen++;
      }
      assert.ok(chosen >= 1, `of ${connections} over ${workers}`);
    }
  }
});
