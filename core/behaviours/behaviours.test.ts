import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROTOCOLS } from '../protocols/names.ts';
import { BEHAVIOURS, behaviourHelp, canBehave, isEpisode, isSteadyWith, isTalk, parseBehaviour } from './behaviours.ts';
import { turnoverAt } from './churn.ts';
import { printComingBack, type StormPlan, waitMsOf } from './storm.ts';

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
    ['churn', 'tcp', 'ws', 'http', 'sse'],
    ['storm', 'tcp', 'ws', 'http', 'sse'],
    ['slow', 'tcp', 'ws', 'http', 'sse'],
    ['vanish', 'tcp', 'ws', 'http', 'sse'],
    ['broadcast', 'tcp', 'ws', 'sse'],
  ]);
  assert.deepEqual(
    BEHAVIOURS.filter((kind) => isTalk({ kind })),
    ['echo', 'request'],
  );
  assert.deepEqual(BEHAVIOURS.filter(isEpisode), ['storm', 'slow', 'vanish']);
  // Records of a later version may have it.
  assert.equal(isTalk({ kind: 'later' }), false);
  assert.equal(isTalk({ kind: 'toString' }), false);
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

test('a broadcast says how often and how much, or where a server has the number of each message', () => {
  const plan = { kind: 'broadcast', by: 'connection', perSecond: 2, bytes: 256, withinMs: 5000, numberAfter: null };
  assert.deepEqual(parseBehaviour('broadcast:2/s:256B'), plan);
  assert.deepEqual(parseBehaviour('broadcast:2/s:256B:30s'), { ...plan, withinMs: 30_000 });
  assert.match(String(parseBehaviour('broadcast:500/s:256B:30s')), /waits too long/);
  const ofServer = { kind: 'broadcast', by: 'server', perSecond: 0, bytes: 0, withinMs: 5000, numberAfter: '"seq":' };
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

test('slow readers have a share, a pace or none, and something beside them or nothing', () => {
  const idle = { kind: 'idle' };
  const read: ReadonlyArray<[text: string, plan: unknown]> = [
    ['slow:10%', { kind: 'slow', sharePercent: 10, bytesPerSecond: null, beside: idle }],
    ['slow:2.5%:4KiB/s', { kind: 'slow', sharePercent: 2.5, bytesPerSecond: 4096, beside: idle }],
    [
      'slow:10%:1kB/s+request:5/s:/a+b',
      {
        kind: 'slow',
        sharePercent: 10,
        bytesPerSecond: 1000,
        beside: { kind: 'request', perSecond: 5, path: '/a+b' },
      },
    ],
    ['slow:0.5', '"slow:0.5" may mean slow:0.5% or slow:50%: write which'],
    ['slow:120%', '"slow:120%" has a wrong share; it is above 0% and 100% at the most'],
    [
      'slow:1%+slow:2%',
      '"slow:1%+slow:2%": slow can\'t stand beside it; one of these can: idle, heartbeat, echo, request, poll',
    ],
    [
      'slow:1%+broadcast:1/s:64B',
      '"slow:1%+broadcast:1/s:64B": broadcast can\'t stand beside it; one of these can: idle, heartbeat, echo, request, poll',
    ],
    [
      'slow:100%+echo:1/s:64B',
      '"slow:100%+echo:1/s:64B" leaves nobody whose round trips could be measured; a share below 100%, or no echo',
    ],
  ];
  for (const [text, plan] of read) assert.deepEqual(parseBehaviour(text), plan);
  assert.equal(isTalk(parseBehaviour('slow:1%+echo:1/s:64B') as { kind: string }), true);
  assert.equal(isTalk(parseBehaviour('slow:1%') as { kind: string }), false);
});

test('a share vanishes, which is said in percent', () => {
  const read: ReadonlyArray<[text: string, plan: unknown]> = [
    ['vanish:20%', { kind: 'vanish', percent: 20 }],
    ['vanish:0.5', '"vanish:0.5" may mean vanish:0.5% or vanish:50%: write which'],
    ['vanish:0%', '"vanish:0%" has a wrong share; more than 0% and at most 100% can vanish'],
  ];
  for (const [text, plan] of read) assert.deepEqual(parseBehaviour(text), plan);
  for (const text of ['vanish', 'vanish:all', 'vanish:20%:1s']) {
    assert.match(String(parseBehaviour(text)), /is not a behaviour/);
  }
});

test('a storm has a share, a cut and a way to come back, or the usual ones', () => {
  const usual = { how: 'backoff', baseMs: 1000, capMs: 30_000 };
  const read: ReadonlyArray<[text: string, plan: unknown]> = [
    ['storm', { kind: 'storm', percent: 100, cut: 'fin', comesBack: usual }],
    ['storm:50%', { kind: 'storm', percent: 50, cut: 'fin', comesBack: usual }],
    ['storm:100%:rst', { kind: 'storm', percent: 100, cut: 'rst', comesBack: usual }],
    ['storm:100%:backoff:2s', { kind: 'storm', percent: 100, cut: 'fin', comesBack: { ...usual, baseMs: 2000 } }],
    [
      'storm:5%:fin:backoff:1m',
      { kind: 'storm', percent: 5, cut: 'fin', comesBack: { how: 'backoff', baseMs: 60_000, capMs: 60_000 } },
    ],
    ['storm:100%:at-once', { kind: 'storm', percent: 100, cut: 'fin', comesBack: { how: 'at-once', retryMs: 100 } }],
    [
      'storm:50%:rst:fixed:2s:within:500ms',
      { kind: 'storm', percent: 50, cut: 'rst', comesBack: { how: 'fixed', waitMs: 2000 }, withinMs: 500 },
    ],
    ['storm:50%:rst:fixed:2s', { kind: 'storm', percent: 50, cut: 'rst', comesBack: { how: 'fixed', waitMs: 2000 } }],
    ['storm:0.5', '"storm:0.5" may mean storm:0.5% or storm:50%: write which'],
    ['storm:120%', '"storm:120%" has a wrong share; more than 0% and at most 100% can be cut'],
    ['storm:50%:fixed:2', '"storm:50%:fixed:2" has a wait that may mean 2ms or 2s: write which'],
    ['storm:50%:backoff:2s:1s', '"storm:50%:backoff:2s:1s" has a cap below its base; storm:100%:backoff:1s:30s'],
  ];
  for (const [text, plan] of read) assert.deepEqual(parseBehaviour(text), plan);
  for (const text of ['storm:50%:soon', 'storm:50%:fixed:1s:2s', 'storm:50%:rst:fin', 'storm:50%:backoff:1s:2s:3s']) {
    assert.match(String(parseBehaviour(text)), /does not say how they come back; at-once, fixed:2s or backoff:1s:30s/);
  }
  for (const text of ['at-once:50ms', 'fixed:2s', 'backoff:1s:30s']) {
    assert.equal(printComingBack((parseBehaviour(`storm:10%:${text}`) as StormPlan).comesBack), text);
  }
});

test('who comes back waits by its policy, and by back-off up to twice as long each time, with full jitter', () => {
  const backoff = { how: 'backoff', baseMs: 1000, capMs: 30_000 } as const;
  const most = [0, 1, 2, 3, 4, 5, 6, 255].map((tries) => waitMsOf(backoff, tries, 1));
  assert.deepEqual(most, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  assert.deepEqual(
    [0, 0.25, 0.5].map((chance) => waitMsOf(backoff, 2, chance)),
    [0, 1000, 2000],
  );
  assert.deepEqual(
    [0, 1, 9].map((tries) => waitMsOf({ how: 'fixed', waitMs: 2000 }, tries, 0.3)),
    [2000, 2000, 2000],
  );
  assert.deepEqual(
    [0, 1, 9].map((tries) => waitMsOf({ how: 'at-once', retryMs: 100 }, tries, 0.3)),
    [0, 100, 100],
  );
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
  'broadcast:1/s',
  'broadcast:0/s:64B',
]) {
  test(`"${wrong}" is no behaviour, and is told what there is`, () => {
    assert.match(
      String(parseBehaviour(wrong)),
      /is not a behaviour: idle, heartbeat:30s, echo:5k\/s:64B, request:5k\/s:\/path, poll:\/path[, \w:/%+]* or [\w:/%+]+$/,
    );
  });
}
