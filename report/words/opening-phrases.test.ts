import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openingText } from './opening-phrases.ts';

test('how connections sign in is told by names and counts', () => {
  const none = {
    dialect: null,
    headers: [],
    subprotocols: [],
    steps: 0,
    rules: 0,
    module: false,
    rows: null,
    order: null,
  };
  assert.equal(openingText({ ...none, headers: ['Authorization', 'Cookie'] }), 'headers Authorization, Cookie');
  assert.equal(openingText({ ...none, module: true }), 'a module');
  assert.equal(
    openingText({ ...none, dialect: 'mqtt', subprotocols: ['mqtt'], steps: 1, rules: 2, rows: 2000, order: 'each' }),
    'mqtt, subprotocol mqtt, 1 step, 2 rules, a row each of 2,000',
  );
});
