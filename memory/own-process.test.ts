import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { type TestContext, test } from 'node:test';
import { METRICS } from '../core/metrics/catalogue.ts';
import { sumCosts } from '../core/values/process-costs.ts';
import { eventually } from '../test/support/wait.ts';
import { collectGarbage } from './collect.ts';
import { type OwnProcess, watchOwnProcess } from './own-process.ts';

const TIMEOUT = { timeout: 60_000 };

function watch(t: TestContext): OwnProcess {
  const own = watchOwnProcess();
  t.after(() => own.stop());
  return own;
}

/** Keeps everything else from running for so long. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('collections are counted, with their time', TIMEOUT, async (t) => {
  const own = watch(t);
  const before = own.costs().gc.major;
  await collectGarbage();
  const { runs, seconds } = await eventually(() => {
    const { major } = own.costs().gc;
    return major.runs >= before.runs + 2 && major;
  }, 'both rounds of a collection');
  assert.ok(seconds - before.seconds > 0.0005, `${seconds - before.seconds} s in ${runs} collections`);
  assert.equal(own.costs().gc.minor.seconds < 60, true);
});

test('a pause shows in the bucket it belongs to', TIMEOUT, async (t) => {
  const own = watch(t);
  const boundsMs = METRICS.eventLoopDelay.buckets.map((seconds) => seconds * 1000);
  /** Looks that were later than this bound. */
  const beyond = (boundMs: number): number => {
    const { below, count } = own.costs().eventLoopDelay;
    return count - below[boundsMs.indexOf(boundMs)]!;
  };
  await eventually(() => own.costs().eventLoopDelay.count > 5, 'some looks');
  const [before, sumMs] = [beyond(256), own.costs().eventLoopDelay.sumMs];
  block(500);
  await eventually(() => beyond(256) > before, 'the look that was late');
  assert.ok(beyond(65_536) === 0);
  assert.ok(own.costs().eventLoopDelay.sumMs - sumMs > 400);
  const { below, count } = own.costs().eventLoopDelay;
  assert.ok(
    below.every((one, i) => one <= count && one >= (below[i - 1] ?? 0)),
    JSON.stringify(below),
  );
});

test('several lookers see all there was', TIMEOUT, async (t) => {
  const [one, other] = [watch(t), watch(t)];
  await eventually(() => one.costs().eventLoopDelay.count >= 10, 'some looks');
  for (let i = 0; i < 100; i++) one.costs();
  assert.ok(one.costs().eventLoopDelay.count >= 10);
  assert.ok(other.costs().eventLoopDelay.count >= 5);
  const active = one.costs().eventLoopActiveSeconds;
  const until = performance.now() + 100;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.ok(one.costs().eventLoopActiveSeconds - active >= 0.09);
});

test('descriptors and processor time are those of now', TIMEOUT, (t) => {
  const own = watch(t);
  const { openFds, maxFds, cpuSeconds } = own.costs();
  assert.ok(cpuSeconds > 0.01);
  if (openFds === null) return t.skip('no cheap count of descriptors here');
  const files = Array.from({ length: 30 }, () => openSync(devNull, 'r'));
  assert.equal(own.costs().openFds, openFds + 30);
  files.forEach(closeSync);
  assert.equal(own.costs().openFds, openFds);
  assert.ok((maxFds ?? 0) > openFds);
});

test('costs of several processes are summed', () => {
  const one = (openFds: number | null, below: number[]) => ({
    cpuSeconds: 1.5,
    openFds,
    maxFds: 100,
    eventLoopActiveSeconds: 2,
    eventLoopDelay: { below, count: 9, sumMs: 30 },
    gc: { minor: { runs: 3, seconds: 0.25 }, major: { runs: 1, seconds: 0.5 } },
  });
  assert.deepEqual(sumCosts([one(10, [5, 6]), one(20, [2, 8])]), {
    cpuSeconds: 3,
    openFds: 30,
    maxFds: 200,
    eventLoopActiveSeconds: 4,
    eventLoopDelay: { below: [7, 14], count: 18, sumMs: 60 },
    gc: { minor: { runs: 6, seconds: 0.5 }, major: { runs: 2, seconds: 1 } },
  });
  assert.equal(sumCosts([one(10, []), one(null, [])]).openFds, null);
});
