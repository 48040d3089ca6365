/** What people write, and what they are told where it may mean two things or nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRunProblem } from '../test/support/run-problem.ts';
import { parseRunConfig } from './run-config.ts';

for (const [key, meant] of [
  ['conections', 'connections'],
  ['settle_timeout', 'settle-timeout'],
  ['settleTimeout', 'settle-timeout'],
  ['url', 'urls'],
  ['behavior', 'behaviour'],
] as const) {
  test(`a config file's "${key}" is taken for ${meant}`, () => {
    assert.equal(findRunProblem({}, { [key]: '1' }), `"${key}" is not a setting (did you mean ${meant}?)`);
  });
}

test('a number that may mean two things is refused with both, on the command line and in a file', () => {
  const rest = '--rest: "15" may mean 15ms or 15s: write which';
  const headroom = '--headroom: "0.2" may mean 0.2% or 20%: write which';
  assert.equal(findRunProblem({ rest: '15', headroom: '0.2' }), `${rest}; ${headroom}`);
  assert.equal(findRunProblem({}, { rest: 15, headroom: 0.2 }), `${rest}; ${headroom}`);
  assert.equal(
    findRunProblem({ behaviour: 'heartbeat:30' }),
    '--behaviour: "heartbeat:30" may mean heartbeat:30ms or heartbeat:30s: write which',
  );
  const { restMs, headroomPercent } = parseRunConfig({ rest: '0', headroom: '20' });
  assert.deepEqual([restMs, headroomPercent], [0, 20]);
});

test('quantities are understood as other tools write them', () => {
  const { connections, connectsPerSecond } = parseRunConfig({ connections: '1e6', rate: '2e4/s', rest: '1e1s' });
  assert.deepEqual([connections, connectsPerSecond], [1_000_000, 20_000]);
});

test('an address without a port is told that the port is missing', () => {
  assert.match(
    findRunProblem({ urls: ['ws://127.0.0.1/chat'] }),
    /a port is missing; write ws:\/\/127\.0\.0\.1:80\/chat/,
  );
  assert.match(findRunProblem({ metrics: '127.0.0.1' }), /^--metrics: a port is missing in "127\.0\.0\.1"/);
  assert.match(
    findRunProblem({ urls: ['ws://127.0.0.1:1'], pid: String(process.pid), inspect: 'localhost' }),
    /^--inspect: a port is missing in "localhost"/,
  );
});
