import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROTOCOLS } from '../protocols/names.ts';
import { BEHAVIOURS, behaviourHelp, canBehave, isSteadyWith, isTalk, parseBehaviour } from './behaviours.ts';

test('every behaviour is in the help, and what the help shows is read as that', () => {
  const examples = [...behaviourHelp().matchAll(/([a-z]+[^\s,]*) \(/g)].map(([, example = '']) => example);
  assert.deepEqual(
    examples.map((example) => (parseBehaviour(example) as { kind: string }).kind),
    BEHAVIOURS,
  );
});

test('what talks can be done by some protocol, and what does not by all', () => {
  for (const kind of BEHAVIOURS) {
    const able = PROTOCOLS.filter((protocol) => canBehave(protocol, kind));
    assert.ok(able.length > 0, kind);
    assert.equal(able.length < PROTOCOLS.length, isTalk(kind), kind);
  }
  // Records of a later version may have it.
  assert.equal(isTalk('storm'), false);
  assert.equal(isTalk('toString'), false);
});

test('still means that no connection came or went', () => {
  const before = { attempts: 10, opening: 0, open: 8, failed: 1, closed: 1 };
  for (const kind of BEHAVIOURS) {
    const isSteady = isSteadyWith(kind);
    assert.equal(isSteady(before, { ...before }), true);
    // One was lost, and another opened in its place.
    assert.equal(isSteady(before, { ...before, attempts: 11, closed: 2 }), false, kind);
  }
});

for (const wrong of [
  '',
  'idle:1',
  'heartbeat',
  'heartbeat:x',
  'echo:5k/s',
  'echo:0/s:64B',
  'request',
  'toString:1',
  'echo:1/s:64B:9',
]) {
  test(`"${wrong}" is no behaviour, and is told what there is`, () => {
    assert.match(
      String(parseBehaviour(wrong)),
      /is not a behaviour: idle, heartbeat:30s, echo:5k\/s:64B or request:5k\/s:\/path$/,
    );
  });
}
