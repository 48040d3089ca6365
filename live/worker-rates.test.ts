import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShareState } from '../core/schemas/share-state.ts';
import { progressOf, runFile, shareState, tick } from '../test/support/synthetic-run.ts';
import { RunFeed } from './run-feed.ts';

const { counts } = progressOf(10);
const at = (elapsedMs: number, shares?: ShareState[]) => ({
  ...tick(10, counts, { elapsedMs }),
  ...(shares && { shares }),
});

test('the page is told of workers, with rates over what they said before', () => {
  const feed = new RunFeed();
  feed.runFile(runFile({ status: 'running' }));
  feed.sample(at(1000));
  assert.deepEqual(feed.view().now!.workers, [], 'there is no fleet');
  feed.sample(
    at(1200, [shareState({ opened: 100, open: 100, cpuSeconds: 1, heardAgoMs: 200 }), shareState({ share: 1 })]),
  );
  feed.sample(at(1400));
  assert.deepEqual(
    feed.view().now!.workers.map(({ open, openedPerSecond }) => [open, openedPerSecond]),
    [
      [100, 0],
      [0, 0],
    ],
  );
  feed.sample(
    at(2200, [
      // It was said 1.2 s after the one before.
      shareState({ opened: 500, open: 480, cpuSeconds: 2, heardAgoMs: 0, latenessMs: 3, rssBytes: 7e7 }),
      shareState({ share: 1, worker: 'b:1', generation: 2, opened: 40, lease: 'unheard', heardAgoMs: 6000 }),
    ]),
  );
  feed.sample(at(2400));
  const [one, other] = feed.view().now!.workers;
  assert.deepEqual(one, {
    share: 0,
    host: 'a',
    worker: 'a:1',
    lease: 'held',
    heardAgoMs: 0,
    open: 480,
    openedPerSecond: 400 / 1.2,
    latenessMs: 3,
    cores: 1 / 1.2,
    rssBytes: 7e7,
  });
  assert.deepEqual([other!.worker, other!.lease, other!.openedPerSecond], ['b:1', 'unheard', 0]);
});
