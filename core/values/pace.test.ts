import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostPaceOf, PaceFinder } from './pace.ts';

/** Rounds of a warm-up against a target that takes so many per second. @returns the paces asked for */
function warmUp(finder: PaceFinder, rounds: number, takesPerSecond: number): number[] {
  return Array.from({ length: rounds }, () => {
    const { next } = finder;
    finder.opened(250, (250 * 1000) / Math.min(next, takesPerSecond), true);
    return next;
  });
}

test('rounds are asked for faster and faster, and half of what was taken is kept', () => {
  const finder = new PaceFinder(2000);
  assert.deepEqual(warmUp(finder, 6, 9300), [2000, 4000, 8000, 16_000, 20_000, 20_000]);
  assert.equal(finder.found, 4500);
});

test('a slow target keeps the least pace, and a quick one is not opened to without a bound', () => {
  const slow = new PaceFinder(2000);
  warmUp(slow, 8, 1200);
  assert.equal(slow.found, 2000);
  const quick = new PaceFinder(2000);
  assert.deepEqual(warmUp(quick, 8, 1e6).slice(-4), [20_000, 20_000, 20_000, 20_000]);
  assert.equal(quick.found, 10_000);
  const many = new PaceFinder(8334);
  warmUp(many, 8, 1e6);
  assert.deepEqual([many.found, mostPaceOf(8334)], [16_500, 16_668]);
});

test('a target that lags behind with accepting, or turns some away, is not asked for more', () => {
  const finder = new PaceFinder(2000);
  finder.opened(250, 125, true);
  finder.opened(250, 62.5, true);
  assert.equal(finder.next, 8000);
  finder.opened(250, 31, false);
  assert.deepEqual([finder.next, finder.found, finder.isOver], [2000, 2000, true]);
});

test('a round at the least pace has as long again for what is still to be accepted', () => {
  assert.equal(new PaceFinder(2000).mostMs(250), 250);
});

test('nothing was found without a round', () => {
  assert.equal(new PaceFinder(500).found, 500);
});
