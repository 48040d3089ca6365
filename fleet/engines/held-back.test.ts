import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldBack } from './held-back.ts';

const told = (heldBack: HeldBack, during: (text: string) => void = () => {}): string[] => {
  const lines: string[] = [];
  heldBack.tell((slot, bytes) => {
    const text = `${slot} ${bytes === undefined ? 'end' : Buffer.from(bytes)}`;
    lines.push(text);
    during(text);
  });
  return lines;
};

function holding(...pieces: readonly string[]): HeldBack {
  const heldBack = new HeldBack();
  for (const piece of pieces) heldBack.push(1, Buffer.from(piece));
  return heldBack;
}

test('what is held back is told in its order once it is released, the end last', () => {
  const heldBack = holding('a', 'b');
  heldBack.end(1);
  assert.deepEqual([heldBack.has(1), heldBack.has(2), heldBack.isDue, told(heldBack)], [true, false, false, []]);
  heldBack.release(1);
  heldBack.release(2);
  assert.equal(heldBack.isDue, true);
  assert.deepEqual(told(heldBack), ['1 a', '1 b', '1 end']);
  assert.deepEqual([heldBack.has(1), heldBack.isDue], [false, false]);
});

test('it is a copy: the engine uses its buffer again', () => {
  const buffer = Buffer.from('a');
  const heldBack = new HeldBack();
  heldBack.push(1, buffer);
  buffer.fill('x');
  heldBack.release(1);
  assert.deepEqual(told(heldBack), ['1 a']);
});

test('one that is held again while it is told keeps the rest, and one that goes loses it', () => {
  const heldBack = holding('a', 'b', 'c');
  heldBack.release(1);
  assert.deepEqual(
    told(heldBack, (text) => text === '1 b' && heldBack.hold(1)),
    ['1 a', '1 b'],
  );
  assert.deepEqual([heldBack.has(1), told(heldBack)], [true, []]);
  heldBack.release(1);
  assert.deepEqual(
    told(heldBack, () => heldBack.delete(1)),
    ['1 c'],
  );
  assert.equal(heldBack.has(1), false);
});
