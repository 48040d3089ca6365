import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRunProblem } from '../test/support/run-problem.ts';
import { parseRunConfig, type RunConfig } from './run-config.ts';

const REQUESTS: ReadonlyArray<[string, RunConfig['behaviour']]> = [
  ['request:500/s', { kind: 'request', perSecond: 500 }],
  ['request:0.5/s:/', { kind: 'request', perSecond: 0.5, path: '/' }],
  ['request:5k/s:/work?ms=5', { kind: 'request', perSecond: 5000, path: '/work?ms=5' }],
  ['request:5k/s:/at/12:30,13:00', { kind: 'request', perSecond: 5000, path: '/at/12:30,13:00' }],
];
for (const [behaviour, wanted] of REQUESTS) {
  test(`${behaviour}: of http alone`, () => {
    assert.deepEqual(parseRunConfig({ behaviour, protocol: 'http' }).behaviour, wanted);
    assert.deepEqual(parseRunConfig({ behaviour, urls: ['http://h:1/path'] }).behaviour, wanted);
    const others =
      /^--behaviour request: tcp and ws connections have no requests; give an http:\/\/ URL or --protocol http$/;
    assert.match(findRunProblem({ behaviour }), others);
    assert.match(
      findRunProblem({ behaviour, protocol: 'http,ws' }),
      /^--behaviour request: ws connections have no requests/,
    );
  });
}
for (const behaviour of [
  'request',
  'request:',
  'request:0/s',
  'request:fast',
  'request:5/s:',
  'request:5/s:work',
  'request:5/s:/a b',
  'request:5/s:/#a',
]) {
  test(`"${behaviour}" is refused`, () => {
    assert.match(findRunProblem({ behaviour, protocol: 'http' }), /^--behaviour: .*request:5(k|00)\/s:\//);
  });
}

test('http has requests instead of messages, and begins with one', () => {
  const echo = { behaviour: 'echo:5k/s:64B', protocol: 'ws,http' };
  assert.match(
    findRunProblem(echo),
    /^--behaviour echo: http connections have requests, not messages; take request:5k\/s, or/,
  );
  const limit = { 'rtt-limit': '50ms', protocol: 'http' };
  assert.match(findRunProblem(limit), /with --behaviour idle; take request:5k\/s, say$/);
  assert.equal(parseRunConfig({ ...limit, behaviour: 'request:1k/s' }).rttLimitMs, 50);
  assert.equal(parseRunConfig({ protocol: 'http', behaviour: 'heartbeat:4s' }).plan.legs[0]!.protocol, 'http');
});

test('nobody can vanish from a Unix socket', () => {
  const vanish = { behaviour: 'vanish:20%', 'vanish-for': '10s' };
  assert.match(
    findRunProblem({ ...vanish, protocol: 'ws,tcp+unix' }),
    /^--behaviour vanish: the kernel tells both ends of a Unix socket \(tcp\+unix\) at once, so nobody can vanish;/,
  );
  const { behaviour, vanishForMs } = parseRunConfig({ ...vanish, protocol: 'ws,sse' });
  assert.deepEqual([behaviour, vanishForMs], [{ kind: 'vanish', percent: 20 }, 10_000]);
});

test('a target that restarts cuts all that it has, and connrig has to have started it', () => {
  const storm = { behaviour: 'storm:100%:fixed:2s' };
  const comesBack = { how: 'fixed', waitMs: 2000 };
  for (const [written, signal, withinMs] of [
    [true, 'SIGTERM', 30_000],
    ['SIGINT', 'SIGINT', 30_000],
    ['quit:2m', 'SIGQUIT', 120_000],
  ] as const) {
    const config = parseRunConfig({ ...storm, 'restart-target': written });
    assert.deepEqual(config.restart, { signal, withinMs });
    const restarts = { kind: 'storm', percent: 100, cut: 'restart', comesBack };
    assert.deepEqual([config.behaviour, config.plan.legs[0]!.behaviour], [restarts, restarts]);
  }
  const { again } = parseRunConfig({ ...storm, 'restart-target': true });
  assert.match(again, /--restart-target$/);
  for (const [settings, wanted] of [
    [{ 'restart-target': 'ws://h:1' }, /^--restart-target: "ws:\/\/h:1" is not a signal that ends a server; SIGTERM, /],
    [{ 'restart-target': 'SIGSTOP' }, /is not a signal that ends a server/],
    [{ 'restart-target': 'SIGTERM:10' }, /^--restart-target: "10" may mean /],
    [{ 'restart-target': true, behaviour: 'idle' }, /nobody is there to come back without --behaviour storm:100%/],
    [{ 'restart-target': true, behaviour: 'storm:50%' }, /all connections are lost, in the way in which the server/],
    [{ 'restart-target': true, behaviour: 'storm:100%:rst' }, /all connections are lost, in the way in which/],
    [{ 'restart-target': true, cycles: '2' }, /what one cycle leaves behind ends with the process; leave --cycles out/],
    [{ 'restart-target': true, urls: ['ws://h:1'] }, /can be started again; --command 'node server\.js'$/],
    [{ 'restart-target': true, urls: ['ws://h:1'], pid: '1' }, /; --command 'node server\.js' in place of --pid$/],
    [
      { 'restart-target': true, urls: ['ws://h:1'], exporter: 'http://h:2/metrics' },
      /; --command 'node server\.js' beside --exporter$/,
    ],
    [{ behaviour: 'storm:100%:restart:backoff' }, /can't restart the target; --restart-target beside it does$/],
  ] as const) {
    assert.match(findRunProblem({ ...storm, ...settings }), wanted);
  }
});

test('per-message deflate goes with ws', () => {
  const on = { 'per-message-deflate': 'on' };
  const wanted = /^--per-message-deflate: only ws compresses messages; the legs of this run are (tcp|tcp, http)$/;
  assert.match(findRunProblem({ ...on, protocol: 'tcp,http' }), wanted);
  assert.match(findRunProblem({ ...on, urls: ['tcp://h:1'] }), wanted);
  assert.equal(parseRunConfig({ ...on, protocol: 'tcp,ws' }).perMessageDeflate, 'on');
  assert.equal(parseRunConfig({ 'per-message-deflate': 'off', protocol: 'tcp' }).perMessageDeflate, 'off');
});

test('a limit of round trips goes with a behaviour that has them', () => {
  const config = parseRunConfig({ 'rtt-limit': '50ms', behaviour: 'echo:1k/s:64B' });
  assert.equal(config.rttLimitMs, 50);
  assert.match(findRunProblem({ 'rtt-limit': '50ms', behaviour: 'heartbeat:30s' }), /with --behaviour heartbeat;/);
});

test('a share that comes to nobody is refused, one that comes to one connection is not', () => {
  for (const behaviour of ['storm:10%:at-once', 'vanish:10%', 'slow:10%']) {
    assert.match(
      findRunProblem({ behaviour, connections: 4, levels: 1 }),
      /^--behaviour (storm|vanish|slow): 10% of 4 connections is nobody; --connections 10, or a larger share$/,
    );
    assert.match(findRunProblem({ behaviour, levels: '1,2,3' }), /of 3 connections is nobody/);
    parseRunConfig({ behaviour, connections: 5, levels: 1 });
  }
  const behaviour = 'broadcast:1/s:64B';
  const alone = { behaviour, protocol: 'ws', connections: 1, levels: 1 };
  assert.match(findRunProblem(alone), /^--behaviour broadcast: the one connection publishes, and nobody/);
  parseRunConfig({ ...alone, publish: 'POST http://h:1/x' });
  parseRunConfig({ ...alone, connections: 2 });
});
