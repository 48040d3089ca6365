import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPid } from './pid.ts';

/** 10 started 11 and 12, and 12 started 13; 20 is alone. */
const TREE: Readonly<Record<number, number[]>> = { 10: [10, 11, 12, 13], 11: [11], 12: [12, 13], 13: [13], 20: [20] };
const descendants = (pid: number): readonly number[] => TREE[pid] ?? [];

for (const [given, wanted] of [
  ['10', 10],
  [' 13\n', 13],
  ['13 12 11 10', 10],
  ['12,13', 12],
  ['13 13', 13],
] as const) {
  test(`--pid ${JSON.stringify(given)} is ${wanted}`, () => {
    assert.deepEqual(readPid(given, descendants), { value: wanted });
  });
}

for (const [given, problem] of [
  ['11 13', 'none of 11, 13 started all the others: name one of them, whose children are measured too'],
  ['10 20', 'none of 10, 20 started all the others: name one of them, whose children are measured too'],
  ['', '"" is not a process id'],
  ['0', '"0" is not a process id'],
  ['-1', '"-1" is not a process id'],
  ['1k', '"1k" is not a process id'],
  ['10 nginx', '"nginx" is not a process id'],
] as const) {
  test(`--pid ${JSON.stringify(given)} is refused`, () => {
    assert.deepEqual(readPid(given, descendants), { problem });
  });
}

test('where processes can not be listed, several ids are refused', () => {
  const nowhere = (): never => {
    throw new Error('ENOENT: no such file or directory, /proc');
  };
  assert.match(JSON.stringify(readPid('10 11', nowhere)), /none of 10, 11/);
});
