import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OBJECTIVES } from '../core/limit/objectives.ts';
import { RigError } from '../core/values/errors.ts';
import { type FindLimitConfig, parseFindLimitConfig, talkersOf } from './find-limit-config.ts';
import type { RawSettings } from './read-options.ts';

const parse = (given: RawSettings, words: readonly string[] = [], file: RawSettings = {}): FindLimitConfig =>
  parseFindLimitConfig({ given, words, strangers: [], env: {} }, file);
const legOf = ({ run }: FindLimitConfig) => run.plan.legs[0]!;

function problem(given: RawSettings, words: readonly string[] = [], file: RawSettings = {}): string {
  try {
    parse(given, words, file);
  } catch (error) {
    assert.ok(error instanceof RigError && error.code === 'EUSAGE', String(error));
    return error.message;
  }
  assert.fail('it is refused');
}

test('a search against the built-in server is one of ws, without collections and headroom', () => {
  const config = parse({ slo: 'open.p99 < 1s,failed < 0.1%' });
  assert.deepEqual(
    config.objectives?.map(({ name, limit }) => [name, limit]),
    [
      ['open.p99', 1000],
      ['failed', 0.1],
    ],
  );
  assert.deepEqual(
    [config.of, config.repeats, config.within, config.maxSteps, config.holdMs],
    ['connections', 3, 5, 16, 3000],
  );
  assert.deepEqual([legOf(config).name, config.run.plan.legs.length, config.run.headroomPercent], ['ws', 1, 0]);
});

test('messages are small echoes over 100 connections, requests over http, unless said', () => {
  assert.deepEqual(legOf(parse({ of: 'messages', slo: 'rtt.p99 < 1s' })).behaviour, {
    kind: 'echo',
    perSecond: 1000,
    bytes: 64,
  });
  const http = parse({ of: 'messages', slo: 'errors < 1%' }, ['http://127.0.0.1:1/']);
  assert.deepEqual([legOf(http).behaviour.kind, talkersOf(http)], ['request', 100]);
  const said = parse({ of: 'messages', slo: 'rtt.p99 < 1s', behaviour: 'echo:1/s:1KiB', connections: '7' });
  assert.deepEqual([legOf(said).behaviour, talkersOf(said)], [{ kind: 'echo', perSecond: 1, bytes: 1024 }, 7]);
});

test('a target speaks the first of its protocols, unless said', () => {
  const nameOf = (given: RawSettings): string =>
    legOf(parse({ slo: 'lost <= 0%', target: 'node-http', ...given })).name;
  assert.deepEqual([nameOf({}), nameOf({ protocol: 'https' })], ['http', 'https']);
});

test('the least memory is what is forecast by', () => {
  const leastOf = (given: RawSettings): number | undefined => parse(given).leastMemoryBytes;
  assert.equal(leastOf({ slo: 'memory < 1GiB', 'memory-limit': '2GiB' }), 2 ** 30);
  assert.equal(leastOf({ slo: 'lost <= 0%', 'memory-limit': '2GiB' }), 2 ** 31);
  assert.equal(leastOf({ slo: 'lost <= 0%' }), undefined);
});

test('the same question may be gone on with by more steps, from elsewhere, and more closely', () => {
  const one = parse({ slo: 'lost <= 0%', from: '10k' }, ['ws://127.0.0.1:1/']);
  const other = parse({ slo: 'lost <= 0%', 'max-steps': '30', within: '1%', most: '20k', out: 'x' }, [
    'ws://127.0.0.1:1/',
  ]);
  assert.deepEqual(one.question, other.question);
  assert.equal(one.question.command, "connrig find-limit ws://127.0.0.1:1/ --slo 'lost <= 0%'");
  const secret = parse({ slo: 'lost <= 0%', header: 'Authorization: Bearer abc' }, ['ws://127.0.0.1:1/']);
  assert.doesNotMatch(secret.question.command, /abc/);
});

test('settings of runs in a config file are left aside; its own count, and what nobody knows is refused', () => {
  const config = parse({}, [], {
    slo: ['lost <= 0%', 'failed < 1%'],
    connections: '10k',
    levels: '3',
    'open-timeout': '3s',
  });
  assert.deepEqual([config.objectives?.length, config.run.openTimeoutMs, config.connections], [2, 3000, undefined]);
  assert.match(problem({ slo: 'lost <= 0%' }, [], { levles: 3 }), /"levles" is not a setting/);
});

describe('what makes no sense is refused', () => {
  const URL = 'ws://127.0.0.1:1/';
  const cases: ReadonlyArray<[given: RawSettings, words: readonly string[], why: RegExp]> = [
    [{}, [], /there is nothing that has to hold: --slo 'open\.p99 < 100ms' or --memory-limit 2GiB, say/],
    [{ slo: 'rtt.p95 < 1ms' }, [], /--slo: "rtt\.p95" is nothing that can be held; there are rtt\.p50/],
    [{ slo: 'rtt.p99 < 1s' }, [URL], /--slo rtt\.p99: no round trips .* --behaviour idle; take echo:1k\/s:64B, say/],
    [{ slo: 'rtt.p99 < 1s' }, ['http://127.0.0.1:1/'], /take request:1k\/s, say/],
    [{ slo: 'rtt.p99 < 1s', of: 'opens' }, [], /only opened have no round trips; open\.p99 is how long that takes/],
    [{ slo: 'errors < 1%', behaviour: 'echo:1/s:64B' }, [], /only answers of http say that something is an error/],
    [{ slo: 'memory < 1GiB' }, [URL], /--slo memory: nobody tells the memory of the target; give --pid/],
    [{ 'memory-limit': '1GiB' }, [URL], /--memory-limit: nobody tells the memory/],
    [
      { slo: 'lost <= 0%', of: 'messages', behaviour: 'idle' },
      [],
      /nothing comes back with --behaviour idle over ws; leave/,
    ],
    [{ slo: 'lost <= 0%', of: 'messages', protocol: 'sse' }, [], /nothing comes back with --behaviour idle over sse/],
    [{ slo: 'lost <= 0%', connections: '5' }, [], /--connections: with --of connections it is what the search says/],
    [{ slo: 'lost <= 0%', rate: '5/s', of: 'opens' }, [], /--rate: with --of opens it is what the search says/],
    [{ slo: 'lost <= 0%', protocol: 'tcp,ws' }, [], /of one leg at a time, not of tcp and ws: --protocol tcp, say/],
    [{ slo: 'lost <= 0%' }, [URL, 'ws://127.0.0.1:2/'], /not of ws and ws-2: give one URL/],
    [{ slo: 'lost <= 0%', from: '0' }, [], /--from: 0 is not a whole number of at least 1/],
    [{ slo: 'lost <= 0%', from: 'many' }, [], /--from: "many" is not a number such as 10k/],
  ];
  for (const [given, words, why] of cases) {
    test(JSON.stringify([given, ...words]), () => assert.match(problem(given, words), why));
  }

  test('all of it at once', () => {
    assert.match(problem({ slo: 'nothing < 1', within: '0%' }), /"nothing" is nothing.*; --within: 0% is too small/);
  });
});

test('docs/find-limit.md has a row for each objective', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/find-limit.md', import.meta.url)), 'utf8');
  for (const [name, { help }] of Object.entries(OBJECTIVES)) {
    assert.match(
      page,
      new RegExp(`\\| \`${name.replace('.', '\\.')}\` +\\| ${help.replaceAll('.', '\\.')} +\\|`),
      name,
    );
  }
});

test('how many a share comes to is up to the step', () => {
  const { behaviour } = legOf(parse({ behaviour: 'slow:10%', slo: 'failed < 1%' }));
  assert.ok(behaviour.kind === 'slow' && behaviour.sharePercent === 10);
});
