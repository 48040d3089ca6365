import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Established } from '../schemas/readings.ts';
import { endsIn, takenByEnds, takenOf } from './taken.ts';

const ends = (clientEnds: number, acceptedEnds: number, more: Partial<Established> = {}): Established => ({
  targetEnds: acceptedEnds,
  clientEnds,
  acceptedEnds,
  queuedEnds: 0,
  requests: 0,
  timeWait: 0,
  clientPorts: clientEnds,
  clientAddresses: clientEnds,
  targetQueuedBytes: 0,
  clientQueuedBytes: 0,
  ...more,
});
const files = (openFiles: number | null) => ({ openFiles });
const NOBODY = { established: ends(0, 0), target: files(20) };
const bySockets = (level: number, before: Established, now: Established) =>
  takenOf(level, { established: before, target: null }, { established: now, target: null }, true);

test('a connection is the target’s once a process has its other end', () => {
  const { connections, queued, requests, by } = bySockets(
    300,
    ends(0, 0),
    ends(300, 93, { queuedEnds: 6, requests: 10 }),
  )!;
  assert.deepEqual({ connections, queued, requests, by }, { connections: 93, queued: 6, requests: 10, by: 'sockets' });
  assert.equal(bySockets(300, ends(0, 0), ends(300, 300))?.connections, 300);
});

test('other clients of the target count neither as ours nor against us', () => {
  assert.equal(bySockets(300, ends(100, 100), ends(400, 350))?.connections, 250, 'theirs do not stand in for ours');
  assert.equal(bySockets(300, ends(100, 90, { queuedEnds: 10 }), ends(400, 390, { queuedEnds: 10 }))?.connections, 300);
  assert.equal(bySockets(300, ends(100, 100), ends(300, 300))?.connections, 300, 'they have left');
  // From another machine: they have no client end here.
  assert.equal(bySockets(300, ends(0, 0, { targetEnds: 50 }), ends(300, 299, { targetEnds: 349 }))?.connections, 299);
});

test('where sockets are not told, files are', () => {
  const byFiles = (level: number, open: number | null) =>
    takenOf(level, NOBODY, { established: ends(level, 0), target: files(open) }, false);
  assert.deepEqual(byFiles(300, 113), { connections: 93, queued: 0, requests: 0, by: 'files' });
  assert.equal(byFiles(300, 320)?.connections, 300);
  assert.equal(byFiles(300, 620)?.connections, 300, 'a proxy takes two for each');
  assert.equal(byFiles(300, 312)?.connections, 300, 'a few that it has closed since are nobody’s connections');
  assert.equal(byFiles(300, 311)?.connections, 291);
  assert.equal(byFiles(150_000, 20 + 149_850)?.connections, 150_000);
  assert.equal(byFiles(150_000, 20 + 149_849)?.connections, 149_849);
  assert.equal(byFiles(10, 29)?.connections, 9, 'of few, none is too few to tell');
  assert.equal(byFiles(300, null), null);
});

test('where clients are on other machines, the ends of the target tell what it lacks, and what it has too many of', () => {
  const before = { accepted: 5, queued: 0, requests: 0 };
  const byEnds = (accepted: number, more = {}) => takenByEnds(400, before, { ...before, accepted, ...more });
  assert.deepEqual(byEnds(405), { connections: 400, queued: 0, requests: 0, surplus: 0, by: 'sockets' });
  assert.equal(byEnds(205)?.connections, 200);
  assert.equal(byEnds(605)?.surplus, 200);
  assert.deepEqual([byEnds(412)?.surplus, byEnds(398)?.connections], [0, 400], 'a few come and go with others');
  assert.equal(byEnds(5), null, 'its ports have other numbers');
  assert.equal(byEnds(5, { queued: 3 })?.queued, 3);
  assert.deepEqual(endsIn(ends(0, 0, { targetEnds: 100, queuedEnds: 10, requests: 2 })), {
    accepted: 90,
    queued: 10,
    requests: 2,
  });
});

test('an older list, without what processes have taken, tells nothing', () => {
  const { acceptedEnds: _, ...older } = ends(300, 300);
  assert.equal(bySockets(300, ends(0, 0), older as Established), null);
});
