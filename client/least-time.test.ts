import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunConfig } from '../config/run-config.ts';
import { leastLegMs } from './least-time.ts';

const BARE = {
  restMs: 0,
  talkMs: 2000,
  churnMs: 10_000,
  soakMs: undefined,
  isRead: false,
  maySkip: false,
  isPaceOpen: false,
};
const legOf = (settings: Readonly<Record<string, string>>) =>
  parseRunConfig({ urls: 'tcp://127.0.0.1:1', ...settings }).plan.legs[0]!;

test('a leg takes its ramps, drains and waits at least', () => {
  // 4 rounds of a warm-up with 500 make 2,000; the climb 10,000.
  const leg = legOf({ connections: '10k', levels: '1k,5k,10k', rate: '1k/s' });
  assert.equal(leastLegMs(leg, BARE), 12_000 + 200);
  // The baseline, three levels and what is retained.
  assert.equal(leastLegMs(leg, { ...BARE, isRead: true }), 12_200 + 5 * 50);
  // Where there is a rest, one ramp more shows what a burst takes.
  assert.equal(leastLegMs(leg, { ...BARE, restMs: 1000 }), 12_200 + 5 * 1000 + 10_000);
  assert.equal(leastLegMs(leg, { ...BARE, isRead: true, maySkip: true }), 12_200 + 3 * 50);
  // At 10,000 a second, as it may come to.
  assert.equal(leastLegMs(leg, { ...BARE, isPaceOpen: true }), 1200 + 200);
});

test('later cycles stop at the top alone, and round trips are counted at each level', () => {
  const leg = legOf({
    connections: '10k',
    levels: '1k,5k,10k',
    rate: '1k/s',
    cycles: '3',
    behaviour: 'echo:100/s:64B',
  });
  assert.equal(leastLegMs(leg, BARE), 2000 + 30_000 + 3 * 200 + 5 * 2000);
});

// At the top it is looked longer, for whether memory grows.
test('levels go on while connections are replaced, and the top for as long as was asked', () => {
  const plan = { connections: '10k', levels: '1k,5k,10k', rate: '1k/s' };
  const leg = legOf({ ...plan, behaviour: 'churn:5%/s' });
  assert.equal(leastLegMs(leg, BARE), 12_200 + 4 * 10_000);
  assert.equal(leastLegMs(leg, { ...BARE, soakMs: 60_000 }), 12_200 + 3 * 10_000 + 60_000);
  assert.equal(leastLegMs(legOf(plan), { ...BARE, soakMs: 60_000 }), 12_200 + 60_000);
});
