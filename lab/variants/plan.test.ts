import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatsOfBase, type VariedRun, variantCells } from './plan.ts';

const NAMES = ['idle', 'tls', 'deflate', 'after', 'slow'];
const VARIANTS = NAMES.map((name): VariedRun => ({ name, folder: name, settings: { name }, again: `run ${name}` }));

test('the base is measured √n times as often as each of n others', () => {
  const all = [1, 2, 4, 8, 9].map((others) => repeatsOfBase(2, others));
  assert.deepEqual(all, [2, 3, 4, 6, 6]);
  assert.deepEqual([repeatsOfBase(1, 0), repeatsOfBase(1, 8), repeatsOfBase(3, 8)], [1, 1, 9]);
});

test('each round has every other variant once, and its part of the base, in an order that the seed tells', () => {
  const cells = variantCells(VARIANTS, 3, 7);
  const sorted = (names: readonly string[]): string[] => [...names].sort();
  assert.equal(cells.length, 6 + 4 * 3);
  for (const round of [0, 1, 2]) {
    assert.deepEqual(
      sorted(cells.slice(6 * round, 6 * round + 6).map(({ variant }) => variant)),
      sorted(['idle', ...NAMES]),
    );
  }
  assert.equal(new Set(cells.map(({ name }) => name)).size, cells.length);
  assert.deepEqual(sorted(cells.filter(({ variant }) => variant === 'idle').map(({ name }) => name)), [
    'idle-1',
    'idle-2',
    'idle-3',
    'idle-4',
    'idle-5',
    'idle-6',
  ]);
  assert.deepEqual(variantCells(VARIANTS, 3, 7), cells);
  const orders = [7, 8, 9, 10].map((seed) =>
    variantCells(VARIANTS, 3, seed)
      .map(({ name }) => name)
      .join(),
  );
  assert.equal(new Set(orders).size, 4);
});

test('settings go where nobody sees them in a list of processes', () => {
  const [cell] = variantCells([{ ...VARIANTS[0]!, settings: { header: 'Authorization: secret' } }], 1, 1);
  assert.deepEqual(cell!.args, ['--config', '-']);
  assert.equal(cell!.input, '{"header":"Authorization: secret"}');
  assert.equal(cell!.told, 'run idle');
});
