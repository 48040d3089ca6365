import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlowPlan } from '../../core/behaviours/behaviours.ts';
import { TallyWriter } from '../local/shared.ts';
import { COUNTER } from '../wire.ts';
import type { Behaviour, BehaviourDeps } from './behaviour.ts';
import { createBehaviour } from './index.ts';

/** A worker's slow share over connections that only note what is done to them. */
function slowOver(plan: SlowPlan, slots: number): { slow: Behaviour; said: string[]; tally: TallyWriter } {
  const said: string[] = [];
  const tally = new TallyWriter(TallyWriter.allocate());
  const connections = {
    capacity: slots,
    pauseReading: (slot: number) => said.push(`pause ${slot}`),
    resumeReading: (slot: number) => said.push(`resume ${slot}`),
    readSome: (slot: number, most: number) => said.push(`read ${slot} ${most}`),
    close: (slot: number) => {
      slow.onClosed(slot);
      return said.push(`close ${slot}`) > 0;
    },
  };
  const marks = { run: 1, first: 0, step: 1 };
  const slow = createBehaviour(plan, { connections, tally, marks } as unknown as BehaviourDeps);
  for (let slot = 0; slot < slots; slot++) slow.onOpened(slot);
  return { slow, said, tally };
}

test('each of a share with a pace reads its part of it, in turn', () => {
  const plan: SlowPlan = { kind: 'slow', sharePercent: 50, bytesPerSecond: 4096, beside: { kind: 'idle' } };
  const { slow, said, tally } = slowOver(plan, 4);
  slow.begin!(0);
  assert.deepEqual([said.splice(0), tally.get(COUNTER.slow)], [['pause 0', 'pause 2'], 2]);
  for (let nowMs = 0; nowMs <= 1000; nowMs += 50) slow.step(nowMs);
  // 4 KiB in a second for each, in four reads.
  assert.deepEqual(said.splice(0), Array.from({ length: 4 }, () => ['read 0 1024', 'read 2 1024']).flat());
  // What a pause of the machine kept it from isn't made up for beyond a second.
  slow.step(60_000);
  assert.equal(said.splice(0).length, 8);
  slow.begin!(0);
  assert.deepEqual(said.splice(0), ['resume 0', 'resume 2']);
  slow.step(61_000);
  slow.begin!(0);
  assert.deepEqual([said.splice(0), tally.get(COUNTER.slow)], [['close 0', 'close 2'], 0]);
});

test('without a pace it reads nothing', () => {
  const plan: SlowPlan = { kind: 'slow', sharePercent: 25, bytesPerSecond: null, beside: { kind: 'idle' } };
  const { slow, said } = slowOver(plan, 4);
  slow.begin!(0);
  for (let nowMs = 0; nowMs <= 5000; nowMs += 500) slow.step(nowMs);
  assert.deepEqual(said, ['pause 1']);
});
