import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as holds, nat, property, tuple, uint8Array } from 'fast-check';
import { Gathered } from './gathered.ts';

test('property: what is taken is what was added, of each slot by itself, and nothing is held then', () => {
  holds(
    property(array(tuple(nat(3), uint8Array({ maxLength: 50 })), { maxLength: 60 }), (additions) => {
      const gathered = new Gathered(10_000);
      const wanted = [0, 1, 2, 3].map(() => Buffer.alloc(0));
      for (const [slot, piece] of additions) {
        gathered.add(slot, piece);
        wanted[slot] = Buffer.concat([wanted[slot]!, piece]);
      }
      assert.ok(gathered.heldBytes >= wanted.reduce((sum, { length }) => sum + length, 0));
      for (const [slot, bytes] of wanted.entries()) assert.ok(bytes.equals(gathered.take(slot)));
      assert.equal(gathered.heldBytes, 0);
    }),
  );
});

test('pieces of one byte take little more than their sum, and never more than a message may', () => {
  const gathered = new Gathered(1_000_000);
  const wanted = Buffer.alloc(990_000);
  for (let i = 0; i < wanted.length; i++) {
    wanted[i] = i % 251;
    gathered.add(0, wanted.subarray(i, i + 1));
    assert.ok(gathered.heldBytes <= Math.min(2 * (i + 1) + 262_144, 1_000_000));
  }
  assert.ok(gathered.take(0, Buffer.from('end')).equals(Buffer.concat([wanted, Buffer.from('end')])));
  assert.equal(gathered.heldBytes, 0);
});

test('the largest is the one that takes most', () => {
  const gathered = new Gathered(1000);
  assert.equal(gathered.largest(), undefined);
  for (const [slot, length] of [
    [4, 10],
    [2, 300],
    [9, 20],
  ] as const) {
    gathered.add(slot, new Uint8Array(length));
  }
  assert.equal(gathered.largest(), 2);
  gathered.delete(2);
  assert.deepEqual([gathered.largest(), gathered.heldBytes], [9, 30]);
});
