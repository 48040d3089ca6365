import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cork } from './cork.ts';
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

test('a cork gathers what one connection sends until it is pulled, however much it is', () => {
  const cork = new Cork();
  assert.deepEqual([cork.take(1, Buffer.from('a')), cork.pull(1).length], [false, 0]);
  cork.put(1);
  const long = Buffer.alloc(20_000, 'l');
  assert.deepEqual([cork.take(2, long), cork.take(1, Buffer.from('a')), cork.take(1, long)], [false, true, true]);
  assert.equal(Buffer.from(cork.pull(2)).length, 0);
  assert.equal(Buffer.from(cork.pull(1)).toString(), `a${long}`);
  assert.equal(cork.take(1, long), false);
  cork.put(3);
  cork.take(3, long);
  cork.drop(3);
  assert.deepEqual([cork.take(3, long), cork.pull(3).length], [false, 0]);
});
