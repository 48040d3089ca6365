import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { planSweepCells, SweepPlan } from './plan.ts';

const planOf = (text: string): SweepPlan => SweepPlan.parse(parse(text));

test('a matrix is every combination, each with its options, numbers among them', () => {
  const plan = planOf(`
run: [--connections, 200]
vary:
  payload: { none: [], small: [--behaviour, 'echo:100/s:64B'] }
  processes: { 1: [--processes, 1], 2: [--processes, 2] }
`);
  assert.deepEqual(
    planSweepCells(plan).map(({ name, args }) => [name, args.join(' ')]),
    [
      ['payload-none_processes-1', '--connections 200 --processes 1'],
      ['payload-none_processes-2', '--connections 200 --processes 2'],
      ['payload-small_processes-1', '--connections 200 --behaviour echo:100/s:64B --processes 1'],
      ['payload-small_processes-2', '--connections 200 --behaviour echo:100/s:64B --processes 2'],
    ],
  );
});

test('nothing that varies is one cell', () => {
  assert.deepEqual(planSweepCells(planOf('vary: {}')), [{ name: 'run', args: [] }]);
});

test('what is no plan is refused: an axis without choices, names that are no file names, unknown keys', () => {
  for (const text of [
    'vary: { a: {} }',
    'vary: { ../a: { b: [] } }',
    'vary: { a: { "b/c": [] } }',
    'varies: {}',
    '[]',
    '',
  ]) {
    assert.equal(SweepPlan.safeParse(parse(text)).success, false, text);
  }
});
