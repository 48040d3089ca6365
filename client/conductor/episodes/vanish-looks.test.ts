import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Vanished } from '../../../fleet/wire.ts';
import { VanishLooks } from './vanish-looks.ts';

const vanished = (count: number): Vanished[] =>
  Array.from({ length: count }, (_, i) => ({
    ownAddress: 0x7f000001,
    ownPort: 40_000 + i,
    peerAddress: 0x7f000001,
    peerPort: 1,
    atMs: 1000,
  }));

/** A clock that stands still within a look, and files as they are counted at each. */
function countedBy(files: readonly (number | null)[], before: number | null, readHere: number | null = null) {
  let nowMs = 1000;
  let looks = 0;
  const readTarget = async () => ({ files: files[looks++]!, userBytes: 4e6 });
  const given = { ports: [], files: before, level: 100, readTarget, now: () => nowMs };
  const made = new VanishLooks(vanished(20), given);
  return {
    made,
    at: async (ms: number): Promise<void> => {
      nowMs = ms;
      await made.look(readHere);
    },
  };
}

test('where the sockets are elsewhere, files that were closed tell how many were let go of, and when', async () => {
  const { made, at } = countedBy([120, 110, null, 100], 120);
  await at(2000);
  assert.deepEqual([made.held, made.isOver], [20, false]);
  await at(3000);
  assert.deepEqual([made.held, made.isOver], [10, false]);
  await at(4000);
  assert.equal(made.held, 10, 'an exporter that did not answer says nothing');
  await at(5000);
  assert.deepEqual([made.held, made.isOver], [0, true]);
  const { noticed, noticeMs, seenBy, notices, precisionMs, waitedMs, most, looks } = made.result();
  assert.deepEqual([noticed, seenBy, notices, looks, waitedMs], [20, 'files', null, 4, 4000]);
  assert.deepEqual([noticeMs[0], noticeMs[9], noticeMs[10], noticeMs[19]], [1500, 1500, 3000, 3000]);
  assert.equal(precisionMs, 2000);
  assert.deepEqual(most, { userBytes: 4e6, unackedBytes: null, unackedMemoryBytes: null });
});

test('a proxy has two files for each; and where nobody counts, nobody can tell', async () => {
  const proxy = countedBy([200], 220, 5e6);
  await proxy.at(2000);
  assert.deepEqual([proxy.made.held, proxy.made.result().most.userBytes], [10, 5e6]);
  const blind = countedBy([], null);
  await blind.at(2000);
  assert.deepEqual([blind.made.held, blind.made.isOver, blind.made.result().seenBy], [null, false, null]);
});
