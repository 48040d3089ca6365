import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SendQueues } from './send-queues.ts';

const AMPLE = { eachBytes: 1e6, allBytes: 1e6 };
const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Takes all that waits, a few bytes at a time. */
function drained(queues: SendQueues, slot: number, atOnce: number): string {
  let text = '';
  for (let first = queues.first(slot); first; first = queues.first(slot)) {
    const count = Math.min(atOnce, first.length);
    text += Buffer.from(first.subarray(0, count)).toString('latin1');
    queues.took(slot, count);
  }
  return text;
}

test('what waits is copied, keeps its order, and leaves nothing when it is sent', () => {
  const queues = new SendQueues(AMPLE);
  const scratch = Buffer.from('one;');
  assert.ok(queues.push(7, scratch, false));
  scratch.fill(0);
  for (let i = 0; i < 3000; i++) queues.push(7, bytes(`${i};`), false);
  queues.push(8, bytes('another'), false);
  const wanted = `one;${Array.from({ length: 3000 }, (_, i) => `${i};`).join('')}`;
  assert.equal(drained(queues, 7, 3), wanted);
  assert.deepEqual([queues.has(7), queues.has(8)], [false, true]);
});

test('an answer goes in place of one that waits right before it, unless that is on its way', () => {
  const queues = new SendQueues(AMPLE);
  for (const text of ['pong 1;', 'pong 2;']) queues.push(0, bytes(text), true);
  queues.took(0, 3);
  for (const text of ['pong 3;', 'pong 4;']) queues.push(0, bytes(text), true);
  queues.push(0, bytes('message;'), false);
  queues.push(0, bytes('pong 5;'), true);
  assert.equal(drained(queues, 0, 100), 'g 2;pong 4;message;pong 5;');
});

test('each has its bound and all have one, small pieces count for what they take, and room comes back', () => {
  const queues = new SendQueues({ eachBytes: 2000, allBytes: 3000 });
  assert.ok(queues.push(0, new Uint8Array(1000), false));
  assert.equal(queues.push(0, new Uint8Array(1000), false), false, 'with what it takes to keep them it is too much');
  assert.ok(queues.push(1, new Uint8Array(1000), false));
  assert.equal(queues.push(2, new Uint8Array(1000), false), false, 'all are full');
  queues.took(0, 1000);
  let pieces = 0;
  while (queues.push(2, Uint8Array.of(1), false)) pieces++;
  assert.ok(pieces > 5 && pieces < 20, `${pieces} pieces`);
  queues.delete(2);
  queues.delete(1);
  assert.ok(queues.push(3, new Uint8Array(1800), false));
});
