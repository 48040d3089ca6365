import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { shareReport as report } from '../../test/support/share-report.ts';
import { ReportSum } from './report-sum.ts';
import { LettingGo, shareStates } from './share-states.ts';

const NOBODY: ReadonlySet<number> = new Set();

test('shares that have reported are told by their newest reports', () => {
  const sum = new ReportSum(3);
  const lettingGo = new LettingGo();
  sum.take(report({ share: 0, open: 90, opening: 3, closed: 7, cpuSeconds: 1.5, rssBytes: 1e8 }));
  const late: [number, number][] = [
    [0, 98],
    [lowestOf(bucketOf(20_000)), 2],
  ];
  sum.take(report({ share: 2, generation: 4, open: 5, ownLag: late, worker: 'two' }));
  const [first, third, ...others] = shareStates(sum, lettingGo, [120.4, 3000, 7000], new Set([1, 2]));
  assert.deepEqual(others, [], 'one has said nothing');
  assert.deepEqual(first, {
    share: 0,
    host: 'host-0',
    worker: 'worker-0',
    generation: 1,
    lease: 'held',
    heardAgoMs: 120,
    attempts: 100,
    opening: 3,
    open: 90,
    opened: 97,
    failed: 0,
    latenessMs: null,
    cpuSeconds: 1.5,
    rssBytes: 1e8,
    clockOffsetMs: 0,
    clockSpreadMs: 1,
  });
  const { share, worker, generation, lease, open, latenessMs } = third!;
  assert.deepEqual(
    { share, worker, generation, lease, open },
    { share: 2, worker: 'two', generation: 4, lease: 'unheard', open: 5 },
  );
  assert.ok(Math.abs(latenessMs! - 20) < 0.2, `${latenessMs}`);
});

const TAKEN = { worker: 'w', capacity: 100, cores: 2 };

test('a share moves from when its holder has let go until the next one reports', () => {
  const sum = new ReportSum(2);
  const lettingGo = new LettingGo();
  const leases = (): string[] => shareStates(sum, lettingGo, [0, 0], NOBODY).map(({ lease }) => lease);
  for (const share of [0, 1]) {
    lettingGo.event({ type: 'ready', share, generation: 1, host: 'a', ...TAKEN });
    sum.take(report({ share, open: 10 }));
  }
  assert.deepEqual(leases(), ['held', 'held']);
  lettingGo.event({ type: 'fenced', share: 0, generation: 1, host: 'a' });
  lettingGo.event({ type: 'ready', share: 1, generation: 2, host: 'b', ...TAKEN });
  assert.deepEqual(leases(), ['moving', 'moving']);
  assert.deepEqual(
    shareStates(sum, lettingGo, [0, 0], NOBODY).map(({ open, opening }) => [open, opening]),
    [
      [0, 0],
      [0, 0],
    ],
    'what they had is not open any more',
  );
  assert.deepEqual(
    shareStates(sum, lettingGo, [0, 0], NOBODY, true).map(({ lease }) => lease),
    ['over', 'over'],
  );
  // Both out of order.
  lettingGo.event({ type: 'ready', share: 0, generation: 2, host: 'b', ...TAKEN });
  lettingGo.event({ type: 'fenced', share: 1, generation: 1, host: 'a' });
  for (const share of [0, 1]) sum.take(report({ share, generation: 2, open: 1 }));
  assert.deepEqual(leases(), ['held', 'held']);
});
