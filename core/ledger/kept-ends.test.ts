import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptEnds } from './kept-ends.ts';

test('a text that fits is whole, in whatever pieces it comes', () => {
  const kept = new KeptEnds(10);
  for (const piece of ['one ', '', 'two three', ' four', ' five']) kept.add(piece);
  assert.equal(kept.text, 'one two three four five');
});

test('of one that does not, both ends are there and the rest is counted', () => {
  const kept = new KeptEnds(10);
  kept.add('0123456789');
  for (let i = 0; i < 1000; i++) kept.add('middle');
  kept.add('the end');
  const [, begin, leftOut, end] = /^(.*)\n\[connrig: (\d+) characters are left out here\]\n(.*)$/.exec(kept.text) ?? [];
  assert.equal(begin, '0123456789');
  assert.ok(end!.endsWith('the end') && end!.length <= 20);
  assert.equal(Number(leftOut) + begin!.length + end!.length, 10 + 6000 + 7);
});
