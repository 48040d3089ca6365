import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Numbers } from './numbers.ts';

test('numbers go up from 1; what is given back is taken next; there are no more than there are', () => {
  const numbers = new Numbers(Numbers.allocate(70), 70);
  assert.deepEqual(
    Array.from({ length: 70 }, () => numbers.take()),
    Array.from({ length: 70 }, (_, i) => i + 1),
  );
  assert.equal(numbers.take(), 0);
  for (const number of [64, 1, 33]) numbers.give(number);
  assert.deepEqual([numbers.take(), numbers.take(), numbers.take()].sort(), [1, 33, 64]);
  assert.equal(numbers.take(), 0);
});

const OTHER = `
const { workerData, parentPort } = require('node:worker_threads');
import(workerData.module).then(({ Numbers }) => {
  const numbers = new Numbers(workerData.buffer, workerData.total);
  const owned = new Int32Array(workerData.owned);
  for (let round = 0; round < 20000; round++) {
    const number = numbers.take();
    if (number === 0) continue;
    if (Atomics.add(owned, number, 1) !== 0) parentPort.postMessage(number);
    Atomics.sub(owned, number, 1);
    numbers.give(number);
  }
  parentPort.postMessage('done');
});`;

test('threads that take and give at the same time never have the same one', async () => {
  const total = 40;
  const buffer = Numbers.allocate(total);
  const owned = new SharedArrayBuffer(4 * (total + 1));
  const workerData = { module: new URL('./numbers.js', import.meta.url).href, buffer, owned, total };
  const workers = [1, 2, 3].map(() => new Worker(OTHER, { eval: true, workerData }));
  const said = workers.map((worker) => once(worker, 'message').then(([message]) => message as unknown));
  assert.deepEqual(await Promise.all(said), ['done', 'done', 'done']);
  await Promise.all(workers.map((worker) => worker.terminate()));
  const numbers = new Numbers(buffer, total);
  const all = Array.from({ length: total }, () => numbers.take()).sort((a, b) => a - b);
  assert.deepEqual(
    all,
    Array.from({ length: total }, (_, i) => i + 1),
  );
  assert.equal(numbers.take(), 0);
});
