import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NONE, SlotQueue } from './slot-queue.ts';

test('whoever leaves, the order of the others stays', () => {
  const slots = 8;
  fc.assert(
    fc.property(fc.array(fc.nat(slots - 1)), (touched) => {
      const queue = new SlotQueue(slots);
      const expected: number[] = [];
      for (const slot of touched) {
        const at = expected.indexOf(slot);
        if (at < 0) {
          queue.add(slot);
          expected.push(slot);
        } else {
          queue.remove(slot);
          expected.splice(at, 1);
        }
        assert.equal(queue.first, expected[0] ?? NONE);
      }
      for (const slot of expected) {
        assert.equal(queue.first, slot);
        queue.remove(slot);
      }
      assert.equal(queue.first, NONE);
    }),
  );
});
