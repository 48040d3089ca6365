import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RigError } from '../../core/values/errors.ts';
import type { RawSettings } from '../read-options.ts';
import { parseVariantsConfig, type VariantsConfig } from './variants-config.ts';

const read = (given: RawSettings, words: readonly string[] = [], file: RawSettings = {}): VariantsConfig =>
  parseVariantsConfig({ given, words, strangers: [], env: {} }, file, '/etc/rig');

const settingsOf = ({ variants }: VariantsConfig): Record<string, RawSettings> =>
  Object.fromEntries(variants.map(({ name, settings }) => [name, settings]));

function refused(given: RawSettings, words: readonly string[] = [], file: RawSettings = {}): string {
  try {
    read(given, words, file);
  } catch (error) {
    assert.ok(error instanceof RigError && error.code === 'EUSAGE', String(error));
    return error.message;
  }
  throw new Error('it was taken');
}

test('idle comes first, and each other one differs from it by what it is', () => {
  const config = read({ vary: 'after:64B,tls,deflate,heartbeat,echo:1k/s:32B' });
  const { idle, ...others } = settingsOf(config);
  assert.deepEqual({ ...idle }, { protocol: 'ws', levels: '2k,3k,4k,5k', label: ['variant=idle'] });
  const differs = Object.entries(others).map(([name, { label: _, ...settings }]) => [
    name,
    Object.fromEntries(Object.entries(settings).filter(([key, value]) => idle![key] !== value)),
  ]);
  assert.deepEqual(Object.fromEntries(differs), {
    'after:64B': { 'send-on-open': `${'x'.repeat(59)}#end#`, expect: '#end#' },
    tls: { protocol: 'wss' },
    deflate: { 'per-message-deflate': 'on' },
    heartbeat: { behaviour: 'heartbeat:30s' },
    'echo:1k/s:32B': { behaviour: 'echo:1k/s:32B' },
  });
  assert.deepEqual(
    config.variants.map(({ folder }) => folder),
    ['idle', 'after-64B', 'tls', 'deflate', 'heartbeat', 'echo-1k-s-32B'],
  );
  assert.equal(Buffer.from(config.variants[1]!.run.sendOnOpen!.hex, 'hex').length, 64);
});

test('what connections sign in by is that of subscribed alone, with the rows that only it asks for', () => {
  const given = { vary: 'subscribed,heartbeat', dialect: 'mqtt', data: 'users.csv', protocol: 'tcp' };
  const { idle, subscribed, heartbeat } = settingsOf(read(given));
  assert.deepEqual([idle!['dialect'], heartbeat!['dialect'], subscribed!['dialect']], [undefined, undefined, 'mqtt']);
  assert.deepEqual([idle!['data'], subscribed!['data']], [undefined, 'users.csv']);
  const signedIn = settingsOf(read({ ...given, header: 'X-User: {name}', protocol: 'ws' }));
  assert.deepEqual([signedIn['idle']!['data'], signedIn['subscribed']!['data']], ['users.csv', 'users.csv']);
  // Where it doesn't vary, all sign in.
  assert.equal(settingsOf(read({ ...given, vary: 'heartbeat' }))['idle']!['dialect'], 'mqtt');
});

test('connections are replaced for a shorter time than in a run, unless said', () => {
  const churnOf = (more: RawSettings) => settingsOf(read({ vary: 'churn:5%/s', ...more }))['churn:5%/s'];
  assert.deepEqual([churnOf({})!['churn-for'], churnOf({ 'churn-for': '20s' })!['churn-for']], ['3s', '20s']);
});

test('settings of TLS go to where TLS is, and a target of a URL says where', () => {
  const given = { vary: 'tls', command: './both', 'tls-url': 'wss://localhost:8443/a?key=1', insecure: true };
  const { idle, tls } = settingsOf(read(given, ['ws://localhost:3000/a']));
  assert.deepEqual([idle!['urls'], idle!['insecure']], [['ws://localhost:3000/a'], undefined]);
  assert.deepEqual([tls!['urls'], tls!['insecure']], [['wss://localhost:8443/a?key=1'], true]);
  const target = settingsOf(read({ vary: 'tls', target: 'node-ws' }));
  assert.deepEqual([target['idle']!['protocol'], target['tls']!['protocol']], ['ws', 'wss']);
});

test('a config file has variants of its own, and names files beside itself', () => {
  const opening = { module: 'own.mjs', steps: [{ send: { file: 'a.bin' } }, { expect: 'ok' }] };
  const file = {
    opening,
    'fail-if': 'ws.perConnection.total.bytes > 1KiB',
    variants: { often: { behaviour: 'heartbeat:1s' }, other: { urls: 'ws://127.0.0.1:3000/b' } },
  };
  const all = settingsOf(read({ command: 'x' }, ['ws://127.0.0.1:3000/a'], file));
  assert.deepEqual(Object.keys(all), ['idle', 'often', 'other']);
  assert.equal(all['often']!['behaviour'], 'heartbeat:1s');
  assert.equal(all['other']!['urls'], 'ws://127.0.0.1:3000/b');
  assert.equal(all['idle']!['fail-if'], undefined);
  assert.deepEqual(all['idle']!['opening'], {
    module: '/etc/rig/own.mjs',
    steps: [{ send: { file: '/etc/rig/a.bin' } }, { expect: 'ok' }],
  });
});

test('what can be no variant is refused by a sentence of its own, all of them together', () => {
  const all = refused({ vary: 'subscribed,tls,after:3B,after:1MiB,storm,nosuch,heartbeat:1', command: 'x' }, [
    'ws://127.0.0.1:3000',
  ]);
  for (const sentence of [
    /--vary subscribed: nothing says how connections sign in; give --dialect mqtt/,
    /--vary tls: say where the target speaks wss: --tls-url wss:\/\/localhost:8443, say/,
    /--vary after:3B: "3B" is no size of a message from 5B to 16KiB/,
    /--vary after:1MiB: /,
    /--vary storm: storm comes once all is read, and changes no cost/,
    /--vary nosuch: there is no such variant: there are after:16KiB /,
    /--vary heartbeat:1: "heartbeat:1" may mean heartbeat:1ms or heartbeat:1s/,
  ]) {
    assert.match(all, sentence);
  }
  const cases: ReadonlyArray<[given: RawSettings, words: readonly string[], sentence: RegExp]> = [
    [{}, [], /nothing to hold against idle/],
    [{ vary: 'idle' }, [], /nothing to hold against idle/],
    [{ vary: 'heartbeat' }, ['ws://127.0.0.1:3000'], /each variant has a fresh target: start it by --command/],
    [{ vary: 'heartbeat', command: 'x' }, ['ws://a:1', 'tcp://a:2'], /give one URL$/],
    [{ vary: 'heartbeat', protocol: 'ws,tcp' }, [], /give one --protocol$/],
    [{ vary: 'tls', protocol: 'wss' }, [], /all connections are over TLS/],
    [{ vary: 'tls', target: 'c-tcp', protocol: 'tcp' }, [], /--vary tls: /],
    [{ vary: 'tls', 'tls-url': 'wss://a:1' }, [], /--tls-url: our own servers say themselves/],
    [{ vary: 'deflate,after:64B', protocol: 'http' }, [], /only ws compresses messages.*have requests, not messages/],
    [{ vary: 'after:64B', expect: 'OK' }, [], /--expect says already what they send first/],
    // What is wrong with all of them is told once.
    [
      { vary: 'deflate', levels: '10,20,30', connections: '50' },
      [],
      /^--levels ends at 30, --connections says 50[^;]*$/,
    ],
  ];
  for (const [given, words, sentence] of cases) assert.match(refused(given, words), sentence);
  const files: ReadonlyArray<[file: RawSettings, sentence: RegExp]> = [
    [{ variants: { a: { out: 'x' } } }, /variants.a: "out" can't vary/],
    [{ variants: { a: { behaviuor: 'idle' } } }, /variants.a: "behaviuor" can't vary \(did you mean behaviour\?\)/],
    [{ variants: { idle: {} } }, /variants: "idle" is no name of its own/],
    [{ variants: { '../a': {} } }, /variants: "\.\.\/a" is no name of its own/],
    [{ variants: { a: 'b' } }, /variants.a: it is no table of settings/],
    [{ variants: ['a'] }, /variants: write a table of settings/],
    [{ variants: { a: {} }, varie: 'a' }, /"varie" is not a setting/],
  ];
  for (const [file, sentence] of files) assert.match(refused({}, [], file), sentence);
});
