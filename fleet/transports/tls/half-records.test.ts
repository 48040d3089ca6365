import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as holds, nat, property, tuple, uint8Array } from 'fast-check';
import { HalfRecords } from './half-records.ts';

test('property: what is kept is what was added, of each slot by itself, and nothing is held then', () => {
  holds(
    property(array(tuple(nat(3), uint8Array({ minLength: 1, maxLength: 90 })), { maxLength: 60 }), (additions) => {
      const halves = new HalfRecords();
      const wanted = [0, 1, 2, 3].map(() => Buffer.alloc(0));
      for (const [slot, piece] of additions) {
        halves.add(slot, piece);
        wanted[slot] = Buffer.concat([wanted[slot]!, piece]);
        assert.deepEqual(Buffer.from(halves.get(slot)!), wanted[slot]);
      }
      assert.ok(halves.heldBytes >= wanted.reduce((sum, { length }) => sum + length, 0));
      for (const slot of wanted.keys()) {
        assert.deepEqual(Buffer.from(halves.get(slot) ?? []), wanted[slot]);
        halves.delete(slot);
        assert.equal(halves.get(slot), undefined);
      }
      assert.equal(halves.heldBytes, 0);
    }),
  );
});

test('pieces of one byte take no more than twice their sum, and memory is used again', () => {
  const halves = new HalfRecords();
  for (let i = 0; i < 16_400; i++) {
    halves.add(0, Buffer.of(i % 251));
    assert.ok(halves.heldBytes <= Math.max(64, 2 * (i + 1)));
  }
  const { buffer } = halves.get(0)!;
  halves.delete(0);
  halves.add(7, Buffer.alloc(16_400));
  assert.equal(halves.get(7)!.buffer, buffer);
});

test('beyond what they may take together there are too many', () => {
  const halves = new HalfRecords(1000);
  for (let slot = 0; slot < 15; slot++) halves.add(slot, Buffer.of(1));
  assert.equal(halves.areTooMany, false);
  halves.add(15, Buffer.of(1));
  assert.equal(halves.areTooMany, true);
  halves.delete(3);
  assert.equal(halves.areTooMany, false);
});
