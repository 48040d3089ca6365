import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRunProblem } from '../test/support/run-problem.ts';
import type { RawSettings } from './read-options.ts';
import { parseRunConfig } from './run-config.ts';

test('a process id needs a URL to say where that process listens', () => {
  assert.equal(parseRunConfig({ pid: '4711', urls: ['ws://h:1'] }).pid, 4711);
  assert.match(findRunProblem({ pid: '4711' }), /^--pid: /);
});

test('the built-in server listens at one address, and no other target is told where', () => {
  assert.equal(parseRunConfig({ listen: '10.0.0.9' }).listen, '10.0.0.9');
  assert.equal(parseRunConfig({ listen: '[fd00::7]', protocol: 'ws' }).listen, 'fd00::7');
  for (const [listen, says] of [
    ['0.0.0.0', /^--listen: 0\.0\.0\.0 is every address, and connections go to one/],
    ['[::]', /^--listen: \[::\] is every address/],
    ['here', /^--listen: "here" is no IP address such as 10\.0\.0\.9/],
    ['10.0.0.9:3000', /^--listen: "10\.0\.0\.9:3000" is no IP address .*ports are found by themselves/],
    ['fe80::1%eth0', /^--listen: "fe80::1%eth0" is no IP address/],
  ] as const)
    assert.match(findRunProblem({ listen }), says);
  const listen = '10.0.0.9';
  assert.match(findRunProblem({ listen, urls: ['ws://h:1'] }), /^--listen: only the built-in server is told/);
  assert.match(findRunProblem({ listen, target: 'node-ws' }), /^--listen: servers of --target listen at 127/);
  assert.match(findRunProblem({ listen, protocol: 'ws+unix' }), /^--listen: a Unix socket has no address/);
});

test('a command needs the URL it is to listen at, and is no running process', () => {
  const urls = ['ws://h:1'];
  assert.equal(parseRunConfig({ command: 'node server.js', urls }).command, 'node server.js');
  assert.match(findRunProblem({ command: 'node server.js' }), /^--command: give the URL/);
  assert.match(findRunProblem({ command: ' ', urls }), /^--command: it is empty$/);
  assert.match(findRunProblem({ command: 'node server.js', pid: '4711', urls }), /^--command and --pid: .*leave one/);
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
  assert.match(
    findRunProblem({ collect: 'often' }),
    /^--collect: "often" is neither auto nor off, nor a URL such as http:\/\/127\.0\.0\.1:6060\/debug/,
  );
  assert.match(findRunProblem({ inspect: '9229' }), /^--inspect: the built-in server collects without it/);
  assert.match(
    findRunProblem({ inspect: '9229', urls }),
    /^--inspect: a heap is part of the memory of a process; name it/,
  );
});

test('an exporter needs a URL to connect to, and may stand beside a process', () => {
  const exporter = 'http://h:9465#rss_bytes{job="a"}';
  const config = parseRunConfig({ exporter, pid: '4711', urls: ['ws://h:1'] });
  assert.deepEqual([config.exporter?.url, config.exporter?.selector?.name], ['http://h:9465/metrics', 'rss_bytes']);
  assert.match(findRunProblem({ exporter }), /^--exporter: give the URL to connect to, too$/);
  assert.match(findRunProblem({ exporter: 'h:9465', urls: ['ws://h:1'] }), /^--exporter: "h:9465" is not the URL/);
});

test('metrics are for this machine alone, or for those who know a token', () => {
  const of = (metrics: string, more: RawSettings = {}) => parseRunConfig({ metrics, ...more }).metrics;
  for (const text of ['9464', ':9464', '127.0.0.1:9464']) assert.deepEqual(of(text), { host: '127.0.0.1', port: 9464 });
  assert.deepEqual(of('0'), { host: '127.0.0.1', port: 0 });
  assert.deepEqual(of('[::1]:9464'), { host: '::1', port: 9464 });
  assert.deepEqual(of('0.0.0.0:9464', { 'admin-token': 'x' }), { host: '0.0.0.0', port: 9464 });
  assert.match(findRunProblem({ metrics: '0.0.0.0:9464' }), /--metrics 0\.0\.0\.0: .* give --admin-token/);
  assert.match(findRunProblem({ metrics: 'rig:x' }), /--metrics: "rig:x" is not an address such as/);
  assert.match(findRunProblem({ metrics: ':65536' }), /is not an address/);
  assert.match(findRunProblem({ linger: '5s' }), /--linger: there is nothing to stay for without --metrics or --live/);
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
  assert.match(findRunProblem({ live: '0.0.0.0:80' }), /--live 0\.0\.0\.0: .* give --admin-token/);
  assert.equal(parseRunConfig({ live: true, linger: '1m' }).lingerMs, 60_000);
});

test('a URL that --live would swallow is told', () => {
  assert.match(findRunProblem({ live: 'ws://127.0.0.1:3000' }), /--live: .*; put --live behind the URL/);
  assert.match(findRunProblem({ metrics: 'ws://127.0.0.1:3000' }), /is not an address/);
});

test('a token is not told to an exporter that proves nothing, unless it is on this machine', () => {
  const ask = (exporter: string): RawSettings => ({
    urls: 'ws://h:1',
    exporter,
    insecure: true,
    'exporter-token': 'x',
  });
  const problem = /^--insecure: --exporter-token would be told to whoever answers at 10\.0\.0\.7; give --ca <file> in/;
  assert.match(findRunProblem(ask('https://10.0.0.7:9465')), problem);
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    assert.equal(parseRunConfig(ask(`https://${host}:9465`)).insecure, true, host);
  }
  const withoutToken = { urls: 'ws://h:1', exporter: 'https://10.0.0.7:9465', insecure: true };
  assert.equal(parseRunConfig(withoutToken).insecure, true);
});
