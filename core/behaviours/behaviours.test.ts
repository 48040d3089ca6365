import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROTOCOLS } from '../protocols/names.ts';
import { BEHAVIOURS, behaviourHelp, canBehave, isSteadyWith, isTalk, parseBehaviour } from './behaviours.ts';
import { turnoverAt } from './churn.ts';

test('every behaviour is in the help, and what the help shows is read as that', () => {
  const examples = [...behaviourHelp().matchAll(/([a-z]+[^\s,]*) \(/g)].map(([, example = '']) => example);
  assert.deepEqual(
    examples.map((example) => (parseBehaviour(example) as { kind: string }).kind),
    BEHAVIOURS,
  );
});

test('each can be done by some protocol: all connections can idle, and an event stream can do nothing else', () => {
  const able = BEHAVIOURS.map((kind) => [kind, ...PROTOCOLS.filter((protocol) => canBehave(protocol, kind))]);
  assert.deepEqual(able, [
    ['idle', 'tcp', 'ws', 'http', 'sse'],
    ['heartbeat', 'tcp', 'ws', 'http'],
    ['echo', 'tcp', 'ws'],
    ['request', 'http'],
    ['poll', 'http'],
    ['churn', 'tcp', 'ws', 'http', 'sse'],
  ]);
  assert.deepEqual(BEHAVIOURS.filter(isTalk), ['echo', 'request']);
  // Records of a later version may have it.
  assert.equal(isTalk('storm'), false);
  assert.equal(isTalk('toString'), false);
});

test('still means that no connection came or went', () => {
  const before = { attempts: 10, opening: 0, open: 8, failed: 1, closed: 1 };
  for (const kind of BEHAVIOURS.filter((one) => one !== 'churn')) {
    const isSteady = isSteadyWith(kind);
    assert.equal(isSteady(before, { ...before }), true);
    // One was lost, and another opened in its place.
    assert.equal(isSteady(before, { ...before, attempts: 11, closed: 2 }), false, kind);
  }
});

test('while connections are replaced, still means that as many are there, but for those on their way in', () => {
  const isSteady = isSteadyWith('churn');
  const before = { attempts: 110, opening: 2, open: 98, failed: 0, closed: 10 };
  assert.equal(isSteady(before, { attempts: 150, opening: 1, open: 99, failed: 0, closed: 50 }), true);
  assert.equal(isSteady(before, { attempts: 150, opening: 0, open: 100, failed: 0, closed: 50 }), true);
  assert.equal(isSteady(before, { attempts: 150, opening: 0, open: 97, failed: 0, closed: 53 }), false);
  assert.equal(isSteady(before, { attempts: 153, opening: 0, open: 101, failed: 0, closed: 52 }), false);
});

test('churn has a pace, in percent of what is open or in connections, and how they go', () => {
  const read: ReadonlyArray<[text: string, plan: unknown]> = [
    ['churn:5%/s', { kind: 'churn', percentPerSecond: 5 }],
    ['churn:0.5%/s:rst', { kind: 'churn', percentPerSecond: 0.5, end: 'rst' }],
    ['churn:2k/s:fin', { kind: 'churn', turnoverPerSecond: 2000, end: 'fin' }],
    ['churn:200', '"churn:200" may mean churn:200/s or churn:200%/s: write which'],
    ['churn:101%/s', '"churn:101%/s" is too fast: at most 100%/s, which replaces each connection once a second'],
  ];
  for (const [text, plan] of read) assert.deepEqual(parseBehaviour(text), plan);
  assert.equal(turnoverAt({ kind: 'churn', percentPerSecond: 5 }, 10_000), 500);
  assert.equal(turnoverAt({ kind: 'churn', turnoverPerSecond: 200 }, 10_000), 200);
});

test('a poll has a pause, a path, both or neither', () => {
  const read: ReadonlyArray<[text: string, plan: unknown]> = [
    ['poll', { kind: 'poll', pauseMs: 0 }],
    ['poll:1s', { kind: 'poll', pauseMs: 1000 }],
    ['poll:/a:b?c', { kind: 'poll', pauseMs: 0, path: '/a:b?c' }],
    ['poll:20ms:/a', { kind: 'poll', pauseMs: 20, path: '/a' }],
    ['poll:5', '"poll:5" may mean poll:5ms or poll:5s: write which'],
    [
      'poll:1s:a',
      '"poll:1s:a" has no path; a path begins with / and has neither spaces nor #, such as poll:/updates?since=1',
    ],
  ];
  for (const [text, plan] of read) assert.deepEqual(parseBehaviour(text), plan);
});

for (const wrong of [
  '',
  'idle:1',
  'heartbeat',
  'heartbeat:x',
  'echo:5k/s',
  'echo:0/s:64B',
  'request',
  'poll:',
  'poll:soon',
  'toString:1',
  'echo:1/s:64B:9',
  'churn',
  'churn:0/s',
  'churn:5%',
  'churn:5%/s:now',
  'churn:5%/s:fin:1',
]) {
  test(`"${wrong}" is no behaviour, and is told what there is`, () => {
    assert.match(
      String(parseBehaviour(wrong)),
      /is not a behaviour: idle, heartbeat:30s, echo:5k\/s:64B, request:5k\/s:\/path, poll:\/path or churn:5%\/s$/,
    );
  });
}
