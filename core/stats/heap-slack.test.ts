import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RUNTIMES } from '../values/runtimes.ts';
import { coarsenessOf, widenBy } from './heap-slack.ts';
import { seededRandom } from './random.ts';
import { type Estimate, type LevelPoint, slopeOf } from './slope.ts';

const MIB = 2 ** 20;
const TRUE_BYTES = 9300;
const { uncollected, collected } = RUNTIMES.node.slackBytes;

const widened = (points: readonly LevelPoint[], slackBytes: number): Estimate => {
  const opens = points.map(({ open }) => open);
  return widenBy(slopeOf([points])!, coarsenessOf(opens, slackBytes));
};

/** A heap that takes memory by the piece, gives none back, and holds garbage until so much of it has gathered. */
function coarseHeap(levels: readonly number[], { pieceBytes, garbageEach, mostGarbage, room }: Coarse): LevelPoint[] {
  return levels.map((open) => {
    const used = open * TRUE_BYTES + Math.min(mostGarbage, open * garbageEach) - room;
    return { open, bytes: 40 * MIB + Math.ceil(Math.max(0, used) / pieceBytes) * pieceBytes };
  });
}

interface Coarse {
  readonly pieceBytes: number;
  readonly garbageEach: number;
  readonly mostGarbage: number;
  /** Free in the heap before the first connection. */
  readonly room: number;
}

const evenly = (top: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.round((top * (i + 1)) / count));

test('thirty connections on a Node.js that isn’t collected: no confident number', () => {
  const points = coarseHeap([10, 20, 30], { pieceBytes: 4096, garbageEach: 17_000, mostGarbage: 32 * MIB, room: 0 });
  const bare = slopeOf([points])!;
  // What the levels alone say: far off, and sure of it.
  assert.ok(bare.low > 25_000 && bare.high < 27_500, JSON.stringify(bare));
  const { low, high } = widened(points, uncollected);
  assert.ok(low < 0 && high > TRUE_BYTES);
});

test('collected, or with many connections, the interval stays of use', () => {
  const many = coarseHeap(evenly(20_000, 10), { pieceBytes: 262_144, garbageEach: 0, mostGarbage: 0, room: 0 });
  const { low, high } = widened(many, collected);
  assert.ok(low < TRUE_BYTES && high > TRUE_BYTES && high - low < 0.02 * TRUE_BYTES, `${low} to ${high}`);
});

test('simulated: whatever garbage, pieces and room there are within the slack, the truth is in the interval', () => {
  const random = seededRandom(20);
  let [missed, bareMissed] = [0, 0];
  const tries = 500;
  for (let i = 0; i < tries; i++) {
    const top = 30 + Math.floor(random() * 5000);
    const levels = evenly(top, 3 + Math.floor(random() * 8));
    const points = coarseHeap(levels, {
      pieceBytes: 4096 * (1 + Math.floor(random() * 256)),
      garbageEach: random() * 40_000,
      mostGarbage: random() * 0.6 * uncollected,
      room: random() * 0.3 * uncollected,
    });
    const bare = slopeOf([points])!;
    const { low, high } = widened(points, uncollected);
    if (low > TRUE_BYTES || high < TRUE_BYTES) missed++;
    if (bare.low > TRUE_BYTES || bare.high < TRUE_BYTES) bareMissed++;
  }
  assert.ok(bareMissed > 0.3 * tries, `levels alone missed it ${bareMissed} times`);
  assert.ok(missed <= 0.05 * tries, `${missed} of ${tries} intervals miss the truth`);
});

test('it is shared by the range of levels', () => {
  assert.equal(coarsenessOf([100, 300, 1100], 1000), 1);
  assert.equal(coarsenessOf([3, 3], 1000), 0, 'one number of connections has no slope to be off');
});
