import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, cellsOf, FULL } from './plan.ts';

const TARGETS: Asked[] = [
  { name: 'a', given: 'a', protocols: ['tcp'] },
  { name: 'b', given: './b', protocols: ['http'] },
];

test('each launch of all comes before the next, and only http computes', () => {
  const cells = cellsOf(FULL, TARGETS, 1);
  assert.deepEqual(
    cells.map(({ launch }) => launch),
    [1, 2, 3].flatMap((launch) => Array.from({ length: 8 }, () => launch)),
  );
  assert.equal(new Set(cells.map(({ name }) => name)).size, 24);
  assert.deepEqual([...new Set(cells.filter(({ kind }) => kind === 'work').map(({ target }) => target))], ['b']);
  const { args } = cells.find(({ name }) => name === 'b_http-overload-1')!;
  assert.equal(
    args.join(' '),
    '--target ./b --protocol http --connections 20 --levels 1 --rate 20000/s --behaviour request:240/s:/work?ms=5 --talk 2000ms --settle-timeout 0s',
  );
  const one = cells.find(({ name }) => name === 'b_http-work-2')!;
  assert.equal(
    one.args.join(' '),
    '--target ./b --protocol http --levels 500,2000,10000 --rate 20000/s --behaviour request:160/s:/work?ms=5 --talk 5000ms --settle-timeout 0s',
  );
});

test('over TLS connections open at a slower pace, and none of a hundred thousand', () => {
  const cells = cellsOf(FULL, [{ name: 'a', given: 'a', protocols: ['ws', 'wss'] }], 1);
  const kinds = (scheme: string): string[] => [
    ...new Set(cells.filter((cell) => cell.scheme === scheme).map(({ kind }) => kind)),
  ];
  assert.deepEqual(
    [kinds('ws').sort(), kinds('wss').sort()],
    [
      ['many', 'memory', 'times'],
      ['memory', 'times'],
    ],
  );
  const { args } = cells.find(({ name }) => name === 'a_wss-memory-1')!;
  assert.equal(args.join(' '), '--target a --protocol wss --levels 1000,2500,5000,7500,10000 --rate 500/s');
});

test('the order is random, and the same for the same seed', () => {
  const order = (seed: number): string =>
    cellsOf(FULL, TARGETS, seed)
      .map(({ name }) => name)
      .join();
  assert.equal(order(1), order(1));
  assert.notEqual(order(1), order(2));
});
