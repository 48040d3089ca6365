import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimeResult, RuntimesResult } from '../../core/schemas/runtimes.ts';
import { FULL, toldOf } from '../../lab/runtimes/plan.ts';
import { plain } from '../words/phrase.ts';
import { gridOf } from '../words/table.ts';
import { agreementOf, agreementTable } from './agreement.ts';

function result(target: string, totalBytes: number, scatter: number, p99sMs: readonly number[] = []): RuntimeResult {
  const total = { bytes: totalBytes, low: totalBytes - scatter, high: totalBytes + scatter };
  return {
    target,
    language: 'Go',
    protocol: 'tcp',
    transport: 'plain',
    threadPerConnection: false,
    many: null,
    manyRefused: null,
    work: [],
    overload: [],
    memory: {
      launches: 3,
      upTo: 100_000,
      total,
      user: null,
      kernel: null,
      baselineBytes: 1e6,
      first: { open: 1000, growthBytes: 0 },
    },
    times: p99sMs.length === 0 ? [] : [{ open: 500, p50Ms: 1, p99Ms: p99sMs[1]!, p99sMs: [...p99sMs], lost: 0 }],
  };
}
const comparison = (...results: RuntimeResult[]): RuntimesResult => ({
  schema: 1,
  connrigVersion: '0',
  quick: false,
  isWhole: true,
  targets: [],
  goroutines: null,
  claims: [],
  results,
  plan: toldOf(FULL),
});
const rowsOf = (first: RuntimesResult, second: RuntimesResult): string[][] =>
  gridOf(agreementTable(agreementOf(first, second)), plain).slice(1);

test('cells are held against each other, and the order against the intervals', () => {
  const first = comparison(
    result('a', 1000, 10, [8, 10, 12]),
    result('b', 2000, 10, [13, 14, 15]),
    result('c', 2015, 10),
  );
  const second = comparison(
    result('a', 1060, 10, [17, 20, 23]),
    result('b', 2020, 10, [13, 14, 16]),
    result('c', 2010, 10),
  );
  assert.deepEqual(rowsOf(first, second), [
    ['tcp', 'one more connection', '2 of 3', '1.0 %', '6.0 % (a)', '1 pair not told apart'],
    ['tcp', 'baseline', '3 of 3', '0.0 %', '0.0 % (a)', 'the same'],
    ['tcp', 'p50 of answers, 500 open', '2 of 2', '0.0 %', '0.0 % (a)', 'the same'],
    ['tcp', 'p99 of answers, 500 open', '1 of 2', '50.0 %', '100.0 % (a)', 'another: a and b'],
  ]);
});

test('over TLS is another thing than plain', () => {
  const secured: RuntimeResult = { ...result('a', 3000, 10), transport: 'tls' };
  const rows = rowsOf(comparison(result('a', 1000, 10), secured), comparison({ ...secured, target: 'b' }, secured));
  assert.deepEqual(
    rows.map(([scheme]) => scheme),
    ['tls', 'tls'],
  );
});

test('what only one of them has is left out', () => {
  const rows = rowsOf(comparison(result('a', 1000, 1), result('b', 1, 1)), comparison(result('a', 1000, 1, [1, 2, 3])));
  assert.deepEqual(
    rows.map(([protocol, what, within]) => [protocol, what, within]),
    [
      ['tcp', 'one more connection', '1 of 1'],
      ['tcp', 'baseline', '1 of 1'],
    ],
  );
});

test('nothing at all agrees with nothing, and has no share otherwise', () => {
  const none = comparison(result('c', 0, 0));
  assert.deepEqual(rowsOf(none, none)[0]!.slice(1, 5), ['one more connection', '1 of 1', '0.0 %', '0.0 % (c)']);
  assert.equal(rowsOf(none, comparison(result('c', 9, 0)))[0]![1], 'baseline');
});
