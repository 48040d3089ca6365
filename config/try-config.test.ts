import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RigError } from '../core/values/errors.ts';
import { parseTryConfig } from './try-config.ts';

const lineOf = (given: Readonly<Record<string, string>>, words = ['ws://127.0.0.1:1/a'], strangers: string[] = []) => ({
  given,
  words,
  strangers,
  env: {},
});

test('one connection to each URL, by the options of a run', () => {
  const words = ['ws://127.0.0.1:1/a', 'tcp://127.0.0.1:2'];
  const { run, stayMs, row, full, showSecrets } = parseTryConfig(
    lineOf({ for: '3s', 'open-timeout': '1s' }, words),
    {},
  );
  assert.deepEqual(
    run.plan.legs.map(({ name, levels }) => [name, levels]),
    [
      ['ws', [1]],
      ['tcp', [1]],
    ],
  );
  assert.deepEqual([run.openTimeoutMs, stayMs, row, full, showSecrets], [1000, 3000, undefined, false, false]);
});

test('a config file may be that of a run: what measures is left aside, what nobody knows is not', () => {
  const file = { urls: 'ws://127.0.0.1:3', connections: '10k', levels: '5', pid: 1, 'open-timeout': '2s' };
  const { run } = parseTryConfig(lineOf({}, []), file);
  assert.deepEqual([run.urls[0]?.ports, run.openTimeoutMs, run.pid], [[3], 2000, undefined]);
  assert.throws(() => parseTryConfig(lineOf({}), { ...file, bogus: 1 }), /"bogus" is not a setting/);
});

test('an event stream is tried as it is run: the protocol beside a URL of http', () => {
  const words = ['http://127.0.0.1:1/events'];
  for (const { run } of [
    parseTryConfig(lineOf({ protocol: 'sse' }, words), {}),
    parseTryConfig(lineOf({}, words), { protocol: 'sse' }),
    parseTryConfig(lineOf({}, []), { protocol: 'sse', urls: words }),
  ]) {
    assert.deepEqual(
      run.plan.legs.map(({ protocol }) => protocol),
      ['sse'],
    );
  }
  assert.throws(() => parseTryConfig(lineOf({ protocol: 'sse' }), {}), /names its protocol already/);
});

test('everything that is wrong is told at once', () => {
  const given = { pid: '1', connections: '10k', for: 'soon', engine: 'steam' };
  assert.throws(
    () => parseTryConfig(lineOf(given, [], ['--ful']), {}),
    (error) => {
      assert.ok(error instanceof RigError);
      assert.deepEqual([error.code, error.hint], ['EUSAGE', 'connrig try --help']);
      for (const part of [
        '--ful is not an option (did you mean --full?)',
        '--pid, --connections: a run has them',
        '--for: "soon" is not a duration',
        '--engine: "steam" is not one of',
        'there is no URL to try',
      ])
        assert.ok(error.message.includes(part), `${part}: ${error.message}`);
      return true;
    },
  );
});
