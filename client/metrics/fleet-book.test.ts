import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShareState } from '../../core/schemas/share-state.ts';
import { progressOf, shareState, tick } from '../../test/support/synthetic-run.ts';
import type { LiveLeg } from '../observer.ts';
import { FleetBook } from './fleet-book.ts';

const { counts } = progressOf(10);
const said = (shares: ShareState[], more: { launch?: number } = {}) => ({ ...tick(10, counts, more), shares });
const liveLeg = (launch: number, shares: ShareState[]): LiveLeg =>
  ({ launch, leg: 0, fleet: { shares: () => shares } }) as unknown as LiveLeg;

test('a run whose connections are held here tells of no fleet', () => {
  const book = new FleetBook();
  book.sample(tick(10, counts, {}));
  assert.equal(book.of({ launch: 0, leg: 0, fleet: {} } as LiveLeg), undefined);
  assert.equal(book.of(undefined), undefined);
});

test('what workers opened and used is summed over generations and launches, and only grows', () => {
  const book = new FleetBook();
  book.sample(
    said([
      shareState({ worker: 'a:1', opened: 50, cpuSeconds: 1 }),
      shareState({ share: 1, worker: 'a:2', opened: 20 }),
    ]),
  );
  const moved = shareState({ share: 1, generation: 2, worker: 'a:1', opened: 30, open: 30, cpuSeconds: 0.5 });
  const lost = shareState({ worker: 'a:1', opened: 60, open: 60, cpuSeconds: 2, lease: 'unheard' });
  const now = book.of(liveLeg(0, [lost, moved]))!;
  assert.deepEqual(now.shares, { held: 1, unheard: 1, moving: 0 });
  const [one, two] = now.workers;
  assert.deepEqual([one!.worker, one!.opened, one!.cpuSeconds], ['a:1', 90, 2.5]);
  assert.deepEqual([two!.worker, two!.opened, two!.now], ['a:2', 20, undefined]);
  book.event({
    type: 'share-moved',
    elapsedMs: 1,
    launch: 0,
    leg: 0,
    protocol: 'ws',
    share: 1,
    from: 'a',
    to: 'a',
    awayMs: 1,
  });
  book.sample(said([shareState({ worker: 'a:1', opened: 5, cpuSeconds: 0.25 })], { launch: 1 }));
  const after = book.of(undefined)!;
  assert.deepEqual(
    after.workers.map(({ opened, cpuSeconds, now: share }) => [opened, cpuSeconds, share]),
    [
      [95, 2.75, undefined],
      [20, 0, undefined],
    ],
  );
  assert.equal(after.moves, 1);
});
