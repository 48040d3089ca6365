import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Unread } from './unread.ts';

function seen(unread: Unread): Map<number, number> {
  const found = new Map<number, number>();
  unread.forEach((slot, forMs) => void found.set(slot, forMs));
  return found;
}

test('one that nobody had time to read does not send without a pause, however long it waits', async () => {
  const unread = new Unread();
  unread.wait(1);
  unread.add(2);
  await delay(30);
  const found = seen(unread);
  assert.deepEqual([...found.keys()], [2]);
  assert.ok(found.get(2)! >= 29, String(found.get(2)));
  assert.deepEqual([unread.size, unread.first()], [2, 1]);
  // It was read, and that was all.
  unread.empty(1);
  assert.deepEqual([unread.size, unread.has(1), [...seen(unread).keys()]], [1, false, [2]]);
});

test('its time counts from when it was read first and had more', async () => {
  const unread = new Unread();
  unread.wait(1);
  await delay(30);
  const readAtMs = performance.now();
  unread.add(1);
  await delay(10);
  unread.add(1);
  const most = performance.now() - readAtMs;
  const forMs = seen(unread).get(1)!;
  assert.ok(forMs >= 9 && forMs <= most + 5, `${forMs} of ${most}`);
});

test('read empty and found waiting again soon after, it goes on', async () => {
  const unread = new Unread();
  unread.add(1);
  await delay(20);
  unread.empty(1);
  unread.wait(1);
  await delay(5);
  assert.ok(seen(unread).get(1)! >= 24);
});
