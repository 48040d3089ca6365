import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toWarning, WARNINGS } from './warnings.ts';

test('codes of warnings are W and capitals, so that nobody takes one for that of an error', () => {
  for (const code of Object.keys(WARNINGS)) assert.match(code, /^W[A-Z]{2,}$/);
});

test('a warning is its code, and its sentence with the hint in one line', () => {
  assert.deepEqual(toWarning('WPID', { pid: 7, urls: 'ws://127.0.0.1:1' }), {
    code: 'WPID',
    text: 'neither process 7 nor a child of it listens at ws://127.0.0.1:1: is it the right one? — ss -ltnp',
  });
  assert.deepEqual(toWarning('WLATE', { level: 50, tookMs: 2000 }), {
    code: 'WLATE',
    text: 'the target accepts late: the level of 50 was open 2.00 s before it had accepted all of it',
  });
  assert.equal(
    toWarning('WLOST', { leg: 'ws', loss: '3 of 50 connections were lost', advice: undefined }).text,
    'ws: 3 of 50 connections were lost',
  );
  assert.match(toWarning('WOUTPUT').text, /^the target prints a lot: [^\n]+$/);
});

test('only values that the sentence takes compile', () => {
  // @ts-expect-error a misspelt value
  toWarning('WFLOOD', { levels: 1 });
  // @ts-expect-error no value at all
  assert.throws(() => toWarning('WFLOOD'));
  // @ts-expect-error a code that isn't in the table
  assert.throws(() => toWarning('WNOTHING'));
});

test('a share that moved is told with who had it, who has it, and for how long nobody did', () => {
  const { code, text } = toWarning('WSHARE', { share: 1, from: 'a', to: 'b', awayMs: 6400 });
  assert.equal(code, 'WSHARE');
  assert.deepEqual(text.split(/; | — /), [
    'share 2 of the fleet was lost with its worker on a',
    'after 6.40 s it was taken up on b, and its connections were opened anew',
    'see what connrig worker printed on a',
  ]);
});
