import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, constantFrom, assert as holds, integer, nat, property } from 'fast-check';
import { freshWindow, hasSeen, SEEN, SEEN_WINDOW, seenAs, withSeen } from './seen-window.ts';

/** What each delivery is found to be, at a connection that opened after `latest`. */
function judge(latest: number, numbers: readonly number[]): number[] {
  let state = freshWindow(latest);
  return numbers.map((number) => {
    const seen = seenAs(state, number);
    if (seen <= SEEN.late) state = withSeen(state, number);
    return seen;
  });
}

test('property: within its reach each delivery is told as a list of all that came would tell it', () => {
  const steps = array(constantFrom(1, 1, 1, 2, 3, -1, -2, -7, -14, 0, 16, 40), { maxLength: 80 });
  holds(
    property(nat(200_000), steps, integer({ min: 1, max: 3 }), (latest, moves, first) => {
      const came = new Set<number>();
      let highest = latest;
      const numbers = [first, ...moves].map((move) => {
        const number = Math.max(latest + 1, highest + move);
        highest = Math.max(highest, number);
        return number;
      });
      highest = latest;
      const expected = numbers.map((number) => {
        const isNew = !came.has(number);
        const ahead = number - highest;
        came.add(number);
        highest = Math.max(highest, number);
        if (ahead > 0) return SEEN.inOrder;
        if (ahead < -SEEN_WINDOW) return SEEN.untold;
        return isNew ? SEEN.late : SEEN.duplicate;
      });
      assert.deepEqual(judge(latest, numbers), expected);
    }),
    { numRuns: 2000 },
  );
});

test('what was published before a connection opened is unasked for, until something newer has come', () => {
  const { inOrder, unasked, duplicate } = SEEN;
  assert.deepEqual(judge(100, [99, 100, 60, 100]), [unasked, unasked, unasked, unasked]);
  assert.deepEqual(judge(100, [101, 100]), [inOrder, duplicate]);
  assert.equal(hasSeen(freshWindow(7), 7), true);
  assert.equal(hasSeen(freshWindow(7), 8), false);
});

test('numbers go on where their lower bits begin anew', () => {
  assert.deepEqual(judge(65_534, [65_535, 65_536, 65_537, 65_535, 65_536]), [0, 0, 0, SEEN.duplicate, SEEN.duplicate]);
});
