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

test('each can be done by some protocol: all connections can idle, and an event stream can do no more than receive', () => {
  const able = BEHAVIOURS.map((kind) => [kind, ...PROTOCOLS.filter((protocol) => canBehave(protocol, kind))]);
  assert.deepEqual(able, [
    ['idle', 'tcp', 'ws', 'http', 'sse'],
    ['heartbeat', 'tcp', 'ws', 'http'],
    ['echo', 'tcp', 'ws'],
    ['request', 'http'],
    ['poll', 'http'],
    ['broadcast', 'tcp', 'ws', 'sse'],
  ]);
  assert.deepEqual(BEHAVIOURS.filter(isTalk), ['echo', 'request']);
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

test('a broadcast says how often and how much, or where a server has the number of each message', () => {
  const plan = { kind: 'broadcast', by: 'connection', perSecond: 2, bytes: 256, numberAfter: null };
  assert.deepEqual(parseBehaviour('broadcast:2/s:256B'), plan);
  const ofServer = { kind: 'broadcast', by: 'server', perSecond: 0, bytes: 0, numberAfter: '"seq":' };
  assert.deepEqual(parseBehaviour('broadcast:server:"seq":'), ofServer);
  assert.match(String(parseBehaviour('broadcast:server')), /does not say where messages have their number/);
  assert.match(String(parseBehaviour('broadcast:1/s:15B')), /a message has 16B to 1MiB/);
  assert.match(String(parseBehaviour('broadcast:1001/s:16B')), /1000\/s at the most/);
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
  'broadcast:1/s',
  'broadcast:0/s:64B',
]) {
  test(`"${wrong}" is no behaviour, and is told what there is`, () => {
    assert.match(
      String(parseBehaviour(wrong)),
      /is not a behaviour: idle, heartbeat:30s, echo:5k\/s:64B, request:5k\/s:\/path, poll:\/path or broadcast:1\/s:256B$/,
    );
  });
}
