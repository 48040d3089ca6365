import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenLevels } from '../core/values/plan.ts';
import { findRunProblem } from '../test/support/run-problem.ts';
import { parseRunConfig, type RunConfig } from './run-config.ts';

test('with nothing said, both protocols climb to 5,000 in 10 levels against our own server', () => {
  const config = parseRunConfig({});
  const leg = {
    url: null,
    transport: 'plain',
    family: 'inet',
    tls: null,
    behaviour: { kind: 'idle' },
    close: 'graceful',
    perMessageDeflate: 'off',
    opening: null,
    levels: evenLevels(5000, 10),
    warmUp: 250,
    connectsPerSecond: 2000,
    cycles: 1,
  };
  assert.deepEqual(config, {
    connections: 5000,
    protocols: ['tcp', 'ws'],
    levels: { count: 10 },
    openTimeoutMs: 10_000,
    restMs: 0,
    settleTimeoutMs: 5000,
    slowForMs: 10_000,
    talkMs: 2000,
    engine: 'auto',
    fleet: undefined,
    fleetCa: undefined,
    fleetPrefix: 'connrig',
    listen: '127.0.0.1',
    redisPassword: undefined,
    insecure: false,
    resume: 'off',
    tlsMaterial: undefined,
    adminTls: undefined,
    close: 'graceful',
    behaviour: { kind: 'idle' },
    perMessageDeflate: 'off',
    headroomPercent: 20,
    maxGrowthPercent: 5,
    maxLaunches: 10,
    allowInconclusive: false,
    sizeBy: 'dearer',
    lingerMs: 15_000,
    cycles: 1,
    launches: 1,
    json: false,
    quiet: false,
    force: false,
    dryRun: false,
    dataOrder: 'each',
    inlineOpening: undefined,
    openings: [],
    urls: [],
    vanishForMs: 60_000,
    churnMs: 10_000,
    again: 'connrig run',
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
  ['vanish-for', '10s', 'vanishForMs', 10_000],
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
  [
    'protocol',
    'quic',
    /^--protocol: "quic" is not one of tcp, ws, http, tls, wss, https, sse, sses, tcp\+unix, ws\+unix, http\+unix, sse\+unix$/,
  ],
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
  ['inspect', '127.0.0.1', /^--inspect: a port is missing in "127\.0\.0\.1"/],
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
  ['rtt-limit', '50ms', /^--rtt-limit: no round trips are measured with --behaviour idle; take echo:5k\/s:64B, say$/],
  ['rtt-limit', '0', /^--rtt-limit: 0 is too small/],
  ['json', 'yes', /^--json: "yes" is neither true nor false$/],
  ['urls', 'quic://h:1', /the scheme is one of/],
  [
    'urls',
    ['ws://h:1/a?t=1', 'WS://h:1/a?t=1'],
    /WS:\/\/h:1\/a\?t=\*\*\*: it is there twice; --launches measures the same again/,
  ],
];
for (const [name, written, wanted] of BAD) {
  test(`${name}: ${JSON.stringify(written)?.slice(0, 30)} is refused, on the command line and in a file`, () => {
    assert.match(findRunProblem({ [name]: written }), wanted);
    assert.match(findRunProblem({}, { [name]: written }), wanted);
  });
}

test('problems are reported together, wherever they come from', () => {
  const two = findRunProblem({ connections: 'abc', rate: '0' });
  assert.match(two, /--connections: .*; --rate: /);
  const three = findRunProblem({ window: 'x' }, { speed: 5, levels: '0' }, ['--frobnicate']);
  assert.deepEqual(three.split('; ').slice(0, 1), ['--frobnicate is not an option']);
  assert.match(three, /"speed" is not a setting; there are urls, connections, .*force; --levels: .*; --window: /);
  assert.match(findRunProblem({ urls: ['ws://h', 'tcp://h:0'] }), /ws:\/\/h.*; .*tcp:\/\/h:0/);
});

test('the command line wins over the file, the file over the default', () => {
  const file = { connections: '1k', rate: '100/s', quiet: true, urls: ['tcp://a:1'] };
  const config = parseRunConfig({ connections: '2k', urls: ['ws://b:2'] }, file);
  assert.deepEqual(
    [config.connections, config.connectsPerSecond, config.quiet, config.window],
    [2000, 100, true, undefined],
  );
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
  assert.match(
    findRunProblem({ urls: ['ws://a:1'], protocol: 'tcp' }),
    /^--protocol: the URLs name the protocols already$/,
  );
});

test('levels that are a list say how many connections there are', () => {
  const { plan, connections } = parseRunConfig({ levels: '100,200' });
  assert.deepEqual(plan.legs[0]?.levels, [100, 200]);
  assert.equal(plan.legs[0]?.warmUp, 50);
  assert.equal(connections, 200);
  assert.match(
    findRunProblem({ levels: '100,200', connections: '300' }),
    /^--levels ends at 200, --connections says 300: leave one of them out$/,
  );
  assert.match(findRunProblem({ levels: '100,200' }, { connections: 300 }), /leave one of them out/);
  assert.deepEqual(parseRunConfig({ levels: '100,200', connections: '200' }).plan.legs[0]?.levels, [100, 200]);
});

test('a setting left empty in a file is refused, not taken for the default', () => {
  assert.match(findRunProblem({}, { connections: null }), /^--connections: "null" is not a count/);
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
    findRunProblem({ urls, 'fail-if': 'ws-3.peakOpen < 5k' }),
    /no leg of this run is ws-3; there is ws, tcp, ws-2$/,
  );
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
