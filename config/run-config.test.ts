import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, RigError } from '../core/values/errors.ts';
import { evenLevels } from '../core/values/plan.ts';
import { parseRunConfig, type RawSettings, type RunConfig } from './run-config.ts';
import { RUN_OPTIONS } from './run-options.ts';

const problemOf = (commandLine: RawSettings, file: RawSettings = {}, flags: readonly string[] = []): string => {
  try {
    parseRunConfig(commandLine, file, flags);
  } catch (error) {
    assert.ok(error instanceof RigError, String(error));
    assert.deepEqual([error.code, error.exitCode, error.hint], ['EUSAGE', EXIT.usage, 'connrig run --help']);
    return error.message;
  }
  throw new Error(`no problem was found with ${JSON.stringify(commandLine)}`);
};

test('with nothing said, both protocols climb to 5,000 in 10 levels against our own server', () => {
  const config = parseRunConfig({});
  const leg = {
    url: null,
    transport: 'plain',
    behaviour: { kind: 'idle' },
    close: 'graceful',
    perMessageDeflate: 'off',
    sendOnOpen: undefined,
    levels: evenLevels(5000, 10),
    warmUp: 250,
    connectsPerSecond: 2000,
    cycles: 1,
  };
  assert.deepEqual(config, {
    connections: 5000,
    protocols: ['tcp', 'ws'],
    levels: { count: 10 },
    window: 512,
    openTimeoutMs: 10_000,
    restMs: 0,
    settleTimeoutMs: 5000,
    talkMs: 2000,
    engine: 'auto',
    close: 'graceful',
    behaviour: { kind: 'idle' },
    perMessageDeflate: 'off',
    headroomPercent: 20,
    maxGrowthPercent: 5,
    sizeBy: 'dearer',
    lingerMs: 15_000,
    cycles: 1,
    launches: 1,
    json: false,
    quiet: false,
    force: false,
    urls: [],
    plan: {
      legs: [
        { name: 'tcp', protocol: 'tcp', ...leg },
        { name: 'ws', protocol: 'ws', ...leg },
      ],
      launches: 1,
    },
  });
});

/** Setting, what is written, where it is found, what it is. */
const GOOD: ReadonlyArray<[string, unknown, keyof RunConfig, unknown]> = [
  ['connections', '100k', 'connections', 100_000],
  ['connections', 250, 'connections', 250],
  ['protocol', 'ws', 'protocols', ['ws']],
  ['protocol', 'ws, tcp', 'protocols', ['ws', 'tcp']],
  ['protocol', ['tcp'], 'protocols', ['tcp']],
  ['protocol', 'http', 'protocols', ['http']],
  ['behaviour', 'heartbeat:30s', 'behaviour', { kind: 'heartbeat', everyMs: 30_000 }],
  ['behaviour', 'echo:5k/s:64B', 'behaviour', { kind: 'echo', perSecond: 5000, bytes: 64 }],
  ['levels', '6', 'levels', { count: 6 }],
  ['levels', '1k,2k,5k', 'levels', { exactly: [1000, 2000, 5000] }],
  ['levels', [100, '5k'], 'levels', { exactly: [100, 5000] }],
  ['rate', '500/s', 'connectsPerSecond', 500],
  ['rate', '0.5', 'connectsPerSecond', 0.5],
  ['cycles', '3', 'cycles', 3],
  ['window', '64', 'window', 64],
  ['open-timeout', '2s', 'openTimeoutMs', 2000],
  ['rest', '15s', 'restMs', 15_000],
  ['settle-timeout', '0', 'settleTimeoutMs', 0],
  ['talk', '10s', 'talkMs', 10_000],
  ['workers', '2', 'workers', 2],
  ['engine', 'node', 'engine', 'node'],
  ['processes', '4', 'processes', 4],
  ['close', 'reset', 'close', 'reset'],
  ['per-message-deflate', 'on', 'perMessageDeflate', 'on'],
  ['per-message-deflate', 'no-context-takeover', 'perMessageDeflate', 'no-context-takeover'],
  ['source', '127.0.0.2,127.0.0.3', 'sources', ['127.0.0.2', '127.0.0.3']],
  ['source', '::1', 'sources', ['::1']],
  ['source', '10.0.0.0/30,10.0.1.8-10.0.1.9', 'sources', ['10.0.0.1', '10.0.0.2', '10.0.1.8', '10.0.1.9']],
  ['out', '/tmp/a folder', 'out', '/tmp/a folder'],
  ['name', 'my-run_1.0', 'name', 'my-run_1.0'],
  ['memory-limit', '2GiB', 'memoryLimitBytes', 2 ** 31],
  ['headroom', '25%', 'headroomPercent', 25],
  ['headroom', 0, 'headroomPercent', 0],
  ['size-by', 'rest', 'sizeBy', 'rest'],
  ['json', true, 'json', true],
  ['quiet', 'true', 'quiet', true],
  ['force', false, 'force', false],
];
for (const [name, written, key, value] of GOOD) {
  test(`${name}: ${JSON.stringify(written)}, on the command line and in a file`, () => {
    assert.deepEqual(parseRunConfig({ [name]: written })[key], value);
    assert.deepEqual(parseRunConfig({}, { [name]: written })[key], value);
  });
}

const BAD: ReadonlyArray<[string, unknown, RegExp]> = [
  ['connections', 'abc', /^--connections: "abc" is not a count such as 100k$/],
  ['connections', '0', /^--connections: 0 is too small: at least 1$/],
  ['connections', '-5', /^--connections: "-5" is not a count/],
  ['connections', { a: 1 }, /^--connections: .* is not a count/],
  ['connections', '1.5', /is not a count/],
  ['connections', '200M', /^--connections: 200M is beyond what the rig can count$/],
  ['protocol', 'quic', /^--protocol: "quic" is not one of tcp, ws, http$/],
  ['protocol', 'ws,ws', /^--protocol: ws is there twice$/],
  ['protocol', '', /^--protocol: /],
  ['levels', '0', /neither a number of levels nor a list/],
  ['levels', '1k,', /neither a number of levels nor a list/],
  ['levels', '2k,1k', /^--levels: 2k,1k does not ascend$/],
  ['levels', '1k,1k', /does not ascend/],
  ['levels', '1001', /more than 1000 levels/],
  ['levels', '4G', /more than 1000 levels/],
  ['rate', '0', /^--rate: 0 is too small/],
  ['rate', 'fast', /^--rate: "fast" is not a rate such as 2k\/s$/],
  ['window', '0', /^--window: 0 is too small/],
  ['open-timeout', '10 parsecs', /is not a duration such as 30s/],
  ['open-timeout', '0', /^--open-timeout: 0 is too small/],
  ['settle-timeout', '-1s', /^--settle-timeout: /],
  ['workers', '0', /^--workers: 0 is too small/],
  ['workers', '1M', /^--workers: /],
  ['engine', 'steam', /^--engine: "steam" is not one of auto, /],
  ['processes', '1M', /^--processes: 1M is too large: at most 1000$/],
  ['close', 'slam', /^--close: "slam" is not one of graceful, reset$/],
  ['per-message-deflate', 'yes', /^--per-message-deflate: "yes" is not one of off, on, no-context-takeover$/],
  ['source', 'localhost', /^--source: "localhost" is not an IP address$/],
  ['source', '::1,::1', /^--source: ::1: ::1 is there twice$/],
  ['inspect', 'yes', /^--inspect: "yes" is not the address of an inspector such as 127\.0\.0\.1:9229$/],
  ['inspect', '127.0.0.1', /^--inspect: "127\.0\.0\.1" is not the address/],
  ['inspect', '127.0.0.1:0', /^--inspect: "127\.0\.0\.1:0" is not the address/],
  ['inspect', '65536', /^--inspect: "65536" is not the address/],
  ['inspect', '9229,127.0.0.1:9229', /^--inspect: 127\.0\.0\.1:9229 is there twice$/],
  [
    'inspect',
    'server.example:9229',
    /^--inspect: server\.example:9229: an inspector answers to no host name but localh/,
  ],
  ['inspect', '8.8.8.8:9229', /^--inspect: 8\.8\.8\.8:9229 is no address of .*; ssh -L 9229:127\.0\.0\.1:9229 brings/],
  ['inspect', '[2001:4860:4860::8888]:9229', /is no address of this machine or of a private network/],
  ['pid', 'init', /^--pid: "init" is not a process id/],
  ['out', '  ', /^--out: it is empty$/],
  ['name', '../up', /^--name: "\.\.\/up" is not 1 to 64 letters/],
  ['name', 'x'.repeat(65), /^--name: /],
  ['memory-limit', '0', /^--memory-limit: 0 is too small: at least 1$/],
  ['memory-limit', 'lots', /^--memory-limit: "lots" is not a size such as 64KiB$/],
  ['headroom', '100%', /^--headroom: 100% is too large: at most 99$/],
  ['size-by', 'burst', /^--size-by: "burst" is not one of dearer, rest$/],
  ['headroom', '-5%', /^--headroom: "-5%" is not a percentage such as 20%$/],
  ['max-growth', '-1%', /^--max-growth: "-1%" is not a percentage/],
  ['max-growth', '5%', /^--max-growth: there is nothing to grow from without --baseline/],
  ['baseline', '', /^--baseline: it is empty$/],
  ['summary-file', '', /^--summary-file: it is empty$/],
  ['summary-file', '/', /^--summary-file: \/ is a folder$/],
  ['summary-file', '/nonexistent/s.md', /^--summary-file: \/nonexistent\/s\.md can't be written \(ENOENT\)$/],
  ['rtt-limit', '50', /^--rtt-limit: no round trips are measured with --behaviour idle; take echo:5k\/s:64B, say$/],
  ['rtt-limit', '0', /^--rtt-limit: 0 is too small/],
  ['json', 'yes', /^--json: "yes" is neither true nor false$/],
  ['urls', 'https://h:1', /the scheme is one of/],
  [
    'urls',
    ['ws://h:1/a?t=1', 'WS://h:1/a?t=1'],
    /WS:\/\/h:1\/a\?t=\*\*\*: it is there twice; --launches measures the same again/,
  ],
];
for (const [name, written, wanted] of BAD) {
  test(`${name}: ${JSON.stringify(written)?.slice(0, 30)} is refused, on the command line and in a file`, () => {
    assert.match(problemOf({ [name]: written }), wanted);
    assert.match(problemOf({}, { [name]: written }), wanted);
  });
}

test('problems are reported together, wherever they come from', () => {
  const two = problemOf({ connections: 'abc', rate: '0' });
  assert.match(two, /--connections: .*; --rate: /);
  const three = problemOf({ window: 'x' }, { speed: 5, levels: '0' }, ['--frobnicate']);
  assert.deepEqual(three.split('; ').slice(0, 1), ['--frobnicate is not an option']);
  assert.match(three, /"speed" is not a setting; there are urls, connections, .*force; --levels: .*; --window: /);
  assert.match(problemOf({ urls: ['ws://h', 'tcp://h:0'] }), /ws:\/\/h.*; .*tcp:\/\/h:0/);
});

test('the command line wins over the file, the file over the default', () => {
  const file = { connections: '1k', rate: '100/s', quiet: true, urls: ['tcp://a:1'] };
  const config = parseRunConfig({ connections: '2k', urls: ['ws://b:2'] }, file);
  assert.deepEqual([config.connections, config.connectsPerSecond, config.quiet, config.window], [2000, 100, true, 512]);
  assert.deepEqual(
    config.urls.map(({ text }) => text),
    ['ws://b:2'],
  );
});

test('a URL names its protocol; in a file URLs may be a list or a text', () => {
  for (const urls of [['ws://a:1', 'tcp://b:2-3'], 'ws://a:1,tcp://b:2-3', 'ws://a:1, tcp://b:2-3']) {
    const { plan, urls: read } = parseRunConfig({}, { urls });
    assert.deepEqual(
      plan.legs.map(({ protocol }) => protocol),
      ['ws', 'tcp'],
    );
    assert.deepEqual(read[1]?.ports, [2, 3]);
  }
  assert.match(problemOf({ urls: ['ws://a:1'], protocol: 'tcp' }), /^--protocol: the URLs name the protocols already$/);
});

test('levels that are a list say how many connections there are', () => {
  const { plan, connections } = parseRunConfig({ levels: '100,200' });
  assert.deepEqual(plan.legs[0]?.levels, [100, 200]);
  assert.equal(plan.legs[0]?.warmUp, 50);
  assert.equal(connections, 200);
  assert.match(
    problemOf({ levels: '100,200', connections: '300' }),
    /^--levels ends at 200, --connections says 300: leave one of them out$/,
  );
  assert.match(problemOf({ levels: '100,200' }, { connections: 300 }), /leave one of them out/);
  assert.deepEqual(parseRunConfig({ levels: '100,200', connections: '200' }).plan.legs[0]?.levels, [100, 200]);
});

test('a setting left empty in a file is refused, not taken for the default', () => {
  assert.match(problemOf({}, { connections: null }), /^--connections: "null" is not a count/);
});

test('two URLs of a protocol are two legs with names of their own', () => {
  const urls = ['ws://h:1', 'tcp://h:2', 'ws://h:3/chat?token=hunter2'];
  const { legs } = parseRunConfig({ urls, 'fail-if': 'ws-2.peakOpen < 5k' }).plan;
  assert.deepEqual(
    legs.map(({ name, url }) => [name, url]),
    [
      ['ws', 'ws://h:1'],
      ['tcp', 'tcp://h:2'],
      ['ws-2', 'ws://h:3/chat?token=***'],
    ],
  );
  assert.match(
    problemOf({ urls, 'fail-if': 'ws-3.peakOpen < 5k' }),
    /no leg of this run is ws-3; there is ws, tcp, ws-2$/,
  );
});

test('a process id needs a URL to say where that process listens', () => {
  assert.equal(parseRunConfig({ pid: '4711', urls: ['ws://h:1'] }).pid, 4711);
  assert.match(problemOf({ pid: '4711' }), /^--pid: /);
});

test('a command needs the URL it is to listen at, and is no running process', () => {
  const urls = ['ws://h:1'];
  assert.equal(parseRunConfig({ command: 'node server.js', urls }).command, 'node server.js');
  assert.match(problemOf({ command: 'node server.js' }), /^--command: give the URL/);
  assert.match(problemOf({ command: ' ', urls }), /^--command: it is empty$/);
  assert.match(problemOf({ command: 'node server.js', pid: '4711', urls }), /^--command and --pid: .*leave one/);
});

test('an inspector is asked beside a process or an exporter, at an address that only friends reach', () => {
  const urls = ['ws://h:1'];
  const inspect = '9229, localhost:9230,[::1]:9231,10.0.0.7:9232,[fd00::7]:9233';
  const all = ['127.0.0.1:9229', 'localhost:9230', '[::1]:9231', '10.0.0.7:9232', '[fd00::7]:9233'];
  for (const target of [{ pid: '4711' }, { command: 'true' }, { exporter: 'http://h:9465' }]) {
    assert.deepEqual(parseRunConfig({ ...target, inspect, urls }).inspect, all);
  }
  assert.deepEqual(parseRunConfig({}, { inspect: [9229, 9230], pid: 4711, urls }).inspect, [
    '127.0.0.1:9229',
    '127.0.0.1:9230',
  ]);
  assert.match(problemOf({ inspect: '9229' }), /^--inspect: the built-in server collects without it/);
  assert.match(problemOf({ inspect: '9229', urls }), /^--inspect: a heap is part of the memory of a process; name it/);
});

test('an exporter needs a URL to connect to, and may stand beside a process', () => {
  const exporter = 'http://h:9465#rss_bytes{job="a"}';
  const config = parseRunConfig({ exporter, pid: '4711', urls: ['ws://h:1'] });
  assert.deepEqual([config.exporter?.url, config.exporter?.selector?.name], ['http://h:9465/metrics', 'rss_bytes']);
  assert.match(problemOf({ exporter }), /^--exporter: give the URL to connect to, too$/);
  assert.match(problemOf({ exporter: 'h:9465', urls: ['ws://h:1'] }), /^--exporter: "h:9465" is not the URL/);
});

test('without a rate, a large plan opens all in two minutes', () => {
  const rateOf = (connections: string, rate?: string) =>
    parseRunConfig({ connections, ...(rate ? { rate } : {}) }).plan.legs[0]?.connectsPerSecond;
  assert.deepEqual([rateOf('100'), rateOf('240k'), rateOf('1M'), rateOf('1M', '10/s')], [2000, 2000, 8334, 10]);
});

test('fewer connections than levels give fewer levels', () => {
  assert.deepEqual(parseRunConfig({ connections: '3' }).plan.legs[0]?.levels, [1, 2, 3]);
  assert.deepEqual(parseRunConfig({ connections: '1' }).plan.legs[0]?.levels, [1]);
});

test('a config can not be changed', () => {
  const config = parseRunConfig({ urls: ['ws://a:1'] });
  assert.ok(Object.isFrozen(config));
  assert.throws(() => Object.assign(config, { window: 1 }), TypeError);
});

test('each option has a name of its own, a default that it reads itself, and words for people', () => {
  const options = Object.values(RUN_OPTIONS);
  assert.equal(new Set(options.map(({ name }) => name)).size, options.length);
  for (const option of options) {
    assert.match(option.name, /^[a-z]+(-[a-z]+)*$/);
    assert.match(option.help, /^\S.*[^.]$/);
    if ('default' in option) assert.ok('value' in option.read(option.default), option.name);
  }
});

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
    assert.match(problemOf({ behaviour }), others);
    assert.match(
      problemOf({ behaviour, protocol: 'http,ws' }),
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
    assert.match(problemOf({ behaviour, protocol: 'http' }), /^--behaviour: .*request:5(k|00)\/s:\//);
  });
}

test('http has requests instead of messages, and begins with one', () => {
  const echo = { behaviour: 'echo:5k/s:64B', protocol: 'ws,http' };
  assert.match(
    problemOf(echo),
    /^--behaviour echo: http connections have requests, not messages; take request:5k\/s, or/,
  );
  const sends = { 'send-on-open': 'PING', urls: ['http://h:1'] };
  assert.match(problemOf(sends), /^--send-on-open: only tcp sends what you say; .* an http one with its request$/);
  const limit = { 'rtt-limit': '50ms', protocol: 'http' };
  assert.match(problemOf(limit), /with --behaviour idle; take request:5k\/s, say$/);
  assert.equal(parseRunConfig({ ...limit, behaviour: 'request:1k/s' }).rttLimitMs, 50);
  assert.equal(parseRunConfig({ protocol: 'http', behaviour: 'heartbeat:4s' }).plan.legs[0]!.protocol, 'http');
});

test('per-message deflate goes with ws', () => {
  const on = { 'per-message-deflate': 'on' };
  const wanted = /^--per-message-deflate: only ws compresses messages; the legs of this run are (tcp|tcp, http)$/;
  assert.match(problemOf({ ...on, protocol: 'tcp,http' }), wanted);
  assert.match(problemOf({ ...on, urls: ['tcp://h:1'] }), wanted);
  assert.equal(parseRunConfig({ ...on, protocol: 'tcp,ws' }).perMessageDeflate, 'on');
  assert.equal(parseRunConfig({ 'per-message-deflate': 'off', protocol: 'tcp' }).perMessageDeflate, 'off');
});

test('a limit of round trips goes with a behaviour that has them', () => {
  const config = parseRunConfig({ 'rtt-limit': '50ms', behaviour: 'echo:1k/s:64B' });
  assert.equal(config.rttLimitMs, 50);
  assert.match(problemOf({ 'rtt-limit': '50ms', behaviour: 'heartbeat:30s' }), /with --behaviour heartbeat;/);
});

test('metrics are for this machine alone, or for those who know a token', () => {
  const of = (metrics: string, more: RawSettings = {}) => parseRunConfig({ metrics, ...more }).metrics;
  for (const text of ['9464', ':9464', '127.0.0.1:9464']) assert.deepEqual(of(text), { host: '127.0.0.1', port: 9464 });
  assert.deepEqual(of('0'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(of('[::1]:9464'), { host: '::1', port: 9464 });
  assert.deepEqual(of('0.0.0.0:9464', { 'admin-token': 'x' }), { host: '0.0.0.0', port: 9464 });
  assert.match(problemOf({ metrics: '0.0.0.0:9464' }), /--metrics 0\.0\.0\.0: .* give --admin-token/);
  assert.match(problemOf({ metrics: 'rig:x' }), /--metrics: "rig:x" is not an address such as/);
  assert.match(problemOf({ metrics: ':65536' }), /is not an address/);
  assert.match(problemOf({ linger: '5s' }), /--linger: there is nothing to stay for without --metrics or --live/);
  assert.equal(parseRunConfig({ metrics: '0', linger: '0' }).lingerMs, 0);
  assert.deepEqual(parseRunConfig({ metrics: '0', 'admin-names': 'a.example, b.example' }).adminNames, [
    'a.example',
    'b.example',
  ]);
});

test('the live page has an address of its own unless one is given', () => {
  const of = (live: unknown, more: RawSettings = {}) => parseRunConfig({ live, ...more }).live;
  // The command line gives `true` for a flag alone, a config file may.
  for (const alone of [true, 'true']) assert.deepEqual(of(alone), { host: '127.0.0.1', port: 9466 });
  assert.equal(of(false), undefined);
  assert.deepEqual(of('0'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(of('0.0.0.0:80', { 'admin-token': 'x' }), { host: '0.0.0.0', port: 80 });
  assert.match(problemOf({ live: '0.0.0.0:80' }), /--live 0\.0\.0\.0: .* give --admin-token/);
  assert.equal(parseRunConfig({ live: true, linger: '1m' }).lingerMs, 60_000);
});

test('a URL that --live would swallow is told', () => {
  assert.match(problemOf({ live: 'ws://127.0.0.1:3000' }), /--live: .*; put --live behind the URL/);
  assert.match(problemOf({ metrics: 'ws://127.0.0.1:3000' }), /is not an address/);
});
