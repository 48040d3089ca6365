import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { watchLoopDescriptors } from './left-descriptors.ts';

const require = createRequire(import.meta.url);

const SKIP = { skip: process.platform === 'linux' ? false : 'needs /proc' };
const openHere = (): number => readdirSync('/proc/self/fd').length;

/** Takes a table of its own, as a worker of a fleet does, and waits for a word. */
const OWN_TABLE = `
const { parentPort, workerData } = require('node:worker_threads');
const unshare = require(workerData).load('libc.so.6').func('int unshare(int)');
if (unshare(0x400) < 0) throw new Error('unshare');
parentPort.postMessage('own');
parentPort.once('message', () => process.exit());
`;

async function startOwn(): Promise<Worker> {
  const worker = new Worker(OWN_TABLE, { eval: true, workerData: require.resolve('koffi') });
  await once(worker, 'message');
  return worker;
}

test('what workers with tables of their own leave in the common one is closed', SKIP, async () => {
  // Whatever a first one brings for good.
  await end(await startOwn());
  const before = openHere();
  const online = watchLoopDescriptors(2);
  const workers = [await startOwn(), await startOwn()];
  const closeLeft = online();
  await Promise.all(workers.map(end));
  assert.equal(openHere(), before + 8);
  closeLeft();
  assert.equal(openHere(), before);
});

test('where more was opened meanwhile nothing is closed', SKIP, async () => {
  const online = watchLoopDescriptors(1);
  const workers = [await startOwn(), await startOwn()];
  const closeLeft = online();
  await Promise.all(workers.map(end));
  const before = openHere();
  closeLeft();
  assert.equal(openHere(), before);
});

async function end(worker: Worker): Promise<void> {
  worker.postMessage('end');
  await once(worker, 'exit');
}
