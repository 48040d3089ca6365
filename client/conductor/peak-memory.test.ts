import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/support/wait.ts';
import { watchPeaks } from './peak-memory.ts';

test('each kind has its rest and its peak, read at the same moments; what can be read only later has a peak all the same', async () => {
  const course = [
    { user: 10, kernel: null, sum: null },
    { user: 30, kernel: 5, sum: 35 },
    { user: 20, kernel: 25, sum: 45 },
    { user: 10, kernel: null, sum: null },
  ];
  let looks = 0;
  const watch = watchPeaks(() => course[Math.min(looks++, course.length - 1)]!);
  await eventually(() => watch.looks >= course.length, 'it was read often enough');
  watch.stop();
  const [user, kernel, sum] = [watch.peak('user'), watch.peak('kernel'), watch.peak('sum')];
  assert.deepEqual([user.restBytes, user.peakBytes], [10, 30]);
  assert.deepEqual([kernel.restBytes, kernel.peakBytes], [null, 25]);
  assert.deepEqual([sum.restBytes, sum.peakBytes], [null, 45]);
  assert.ok(user.peakAtMs! > 0 && user.peakAtMs! < kernel.peakAtMs! && kernel.peakAtMs === sum.peakAtMs);
});
