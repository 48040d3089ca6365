import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolName, PROTOCOLS } from '../protocols/names.ts';
import {
  CLOSE_REASON_INDEX,
  CLOSE_REASONS,
  OUTCOME_INDEX,
  OUTCOMES,
  SERVER_CLOSE_REASONS,
  zeroOutcomes,
} from './outcomes.ts';

for (const [what, names] of [
  ['outcomes', OUTCOMES],
  ['close reasons', CLOSE_REASONS],
  ['close reasons of the server', SERVER_CLOSE_REASONS],
] as const) {
  test(`${what} are distinct and can stand in metrics, columns and keys`, () => {
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z]+(-[a-z]+)*$/);
  });
}

test('an index leads back to its name', () => {
  for (const name of OUTCOMES) assert.equal(OUTCOMES[OUTCOME_INDEX[name]], name);
  for (const name of CLOSE_REASONS) assert.equal(CLOSE_REASONS[CLOSE_REASON_INDEX[name]], name);
});

test('zero outcomes has every outcome at 0, and is a fresh object each time', () => {
  const zero = zeroOutcomes();
  assert.deepEqual(
    Object.entries(zero),
    OUTCOMES.map((name) => [name, 0]),
  );
  zero.open = 5;
  assert.equal(zeroOutcomes().open, 0);
});

test('protocol names are recognized, and nothing else is', () => {
  assert.ok(PROTOCOLS.every(isProtocolName));
  for (const other of ['', 'WS', 'https', 'toString', '0']) assert.equal(isProtocolName(other), false);
});
