import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { behindAmong } from './pace-watch.ts';

/** Shares of which 1,000 attempts were due, at 100 a second. */
const shares = (...opened: readonly number[]) =>
  opened.map((one, share) => ({ share, due: 1000, opened: one, perSecond: 100 }));
const behind = (...opened: readonly number[]): number[] => behindAmong(shares(...opened)).map(({ share }) => share);

describe('shares that fall behind', () => {
  it('are those alone that do while most others keep the pace', () => {
    assert.deepEqual(behind(1000, 400), [1]);
    assert.deepEqual(behind(1000, 950, 700, 990), [2]);
    assert.deepEqual(behind(300, 1000, 300, 1000, 1000, 1000), [0, 2]);
  });

  it('are none where all are slow, since then it is the target, or the pace', () => {
    assert.deepEqual(behind(400, 400), []);
    assert.deepEqual(behind(400, 600, 500), []);
    assert.deepEqual(behind(400), []);
  });

  it('are none that are a little late, or that have nothing to do', () => {
    assert.deepEqual(behind(1000, 850), []);
    const few = [
      { share: 0, due: 50, opened: 50, perSecond: 100 },
      { share: 1, due: 50, opened: 0, perSecond: 100 },
    ];
    assert.deepEqual(behindAmong(few), [], 'half a second');
    const idle = { share: 2, due: 0, opened: 0, perSecond: 1 };
    assert.deepEqual(
      behindAmong([...shares(1000, 400), idle]).map(({ share }) => share),
      [1],
    );
  });
});
