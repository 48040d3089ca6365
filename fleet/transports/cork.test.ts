import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cork } from './cork.ts';

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
