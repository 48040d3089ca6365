import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as holds, integer, property } from 'fast-check';
import { Round } from './rounds.ts';

const EVERY_MS = 25_000;

/** When each slot was visited, with steps of these lengths, in turn, until `endMs`. */
function visitsOf(slots: number, stepsMs: readonly number[], endMs: number): number[][] {
  const round = new Round(EVERY_MS, slots);
  const visits: number[][] = Array.from({ length: slots }, () => []);
  for (let nowMs = 500, i = 0; nowMs <= endMs + 500; nowMs += stepsMs[i % stepsMs.length]!, i++) {
    round.step(nowMs, (slot) => visits[slot]!.push(nowMs) > 0);
  }
  return visits;
}

test('each slot once in every period, whatever the turns', () => {
  holds(
    property(
      integer({ min: 1, max: 3000 }),
      array(integer({ min: 1, max: 400 }), { minLength: 1 }),
      (slots, stepsMs) => {
        const longest = Math.max(...stepsMs);
        for (const visits of visitsOf(slots, stepsMs, 4 * EVERY_MS)) {
          assert.ok(visits.length >= 3 && visits[0]! - 500 <= EVERY_MS + longest);
          for (let i = 1; i < visits.length; i++) {
            const apart = visits[i]! - visits[i - 1]!;
            assert.ok(Math.abs(apart - EVERY_MS) <= longest, `${apart} ms apart`);
          }
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('even: also the first slots alone, which are those in use while a ramp is under way', () => {
  for (const [slots, open] of [
    [101_024, 100_000],
    [101_024, 5000],
    [2048, 300],
  ] as const) {
    const round = new Round(EVERY_MS, slots);
    const said: number[] = [];
    for (let nowMs = 0; nowMs < EVERY_MS; nowMs += 250) {
      let count = 0;
      // No more than a thousand in one step: it is called at once again.
      for (let again = 0; again < 3; again++) {
        round.step(nowMs, (slot) => {
          if (slot < open) count += 1;
          return slot < open;
        });
      }
      said.push(count);
    }
    const [, ...counts] = said;
    const mean = open / 100;
    for (const count of counts) assert.ok(Math.abs(count - mean) <= Math.max(3, mean / 20), `${count} of ${mean}`);
  }
});

test('after a long pause each is visited once, a thousand at a time', () => {
  const round = new Round(EVERY_MS, 2500);
  const visits = new Uint32Array(2500);
  const visit = (slot: number): boolean => {
    visits[slot] = visits[slot]! + 1;
    return true;
  };
  round.step(0, visit);
  const counts: number[] = [];
  for (let i = 0; i < 4; i++) {
    const before = visits.reduce((sum, count) => sum + count, 0);
    counts.push(round.step(10 * EVERY_MS, visit) === 0 ? 0 : 1, visits.reduce((sum, count) => sum + count, 0) - before);
  }
  assert.deepEqual(counts, [0, 1000, 0, 1000, 1, 500, 1, 0]);
  assert.ok(visits.every((count) => count === 1));
});

test('it asks to be called again no more often than it takes', () => {
  assert.equal(
    new Round(EVERY_MS, 100_000).step(0, () => true),
    10,
  );
  assert.equal(
    new Round(EVERY_MS, 25).step(0, () => true),
    1000,
  );
});
