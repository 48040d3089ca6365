import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ShareResidual } from '../schemas/share-residual.ts';
import { strangeAmong } from './strange-shares.ts';

const share = (number: number, change: Partial<ShareResidual> = {}): ShareResidual => ({
  share: number,
  host: `host-${number}`,
  wanted: 1000,
  attempts: 1000,
  wantedPerSecond: 500,
  perSecond: 490,
  openP50Ms: 1 + number / 10,
  openP99Ms: 5 + number / 10,
  latenessP99Ms: 1,
  failures: {},
  closes: {},
  ...change,
});

const found = (shares: readonly ShareResidual[]): string[] =>
  strangeAmong(shares).map(({ host, figure, value, median }) => `${host} ${figure} ${value} ${median}`);

describe('shares that stand out', () => {
  it('are none where all are alike, or where some scatter', () => {
    assert.deepEqual(found([0, 1, 2, 3].map((number) => share(number))), []);
    assert.deepEqual(found([5, 8, 13, 20].map((openP99Ms, number) => share(number, { openP99Ms }))), []);
  });

  it('are found by what matters, with the median beside it', () => {
    const slow = share(2, { openP99Ms: 80, latenessP99Ms: 400, perSecond: 250 });
    assert.deepEqual(found([share(0), share(1), slow]), [
      'host-2 openP99 80 5.1',
      'host-2 lateness 400 1',
      `host-2 pace 2 ${500 / 490}`,
    ]);
    const failing = share(0, { failures: { 'timed-out': 40 }, closes: { 'by-us': 900, reset: 30 } });
    assert.deepEqual(found([failing, share(1), share(2)]), ['host-0 failures 4 0', 'host-0 losses 3 0']);
  });

  it('are not looked for among two, nor where nothing is known', () => {
    assert.deepEqual(found([share(0), share(1, { openP99Ms: 900 })]), []);
    const unknown = { openP50Ms: null, openP99Ms: null, latenessP99Ms: null, perSecond: null, attempts: 0 };
    assert.deepEqual(found([0, 1, 2].map((number) => share(number, unknown))), []);
  });

  it('are not found by differences that are small, however alike the others are', () => {
    assert.deepEqual(found([share(0), share(1), share(2, { openP50Ms: 2.9, openP99Ms: 14, latenessP99Ms: 40 })]), []);
  });
});
