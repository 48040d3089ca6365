import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRunProblem } from '../test/support/run-problem.ts';
import { parseRunConfig } from './run-config.ts';

const FLEET = { fleet: 'redis://10.0.0.1:6379' };

test('a fleet over several machines is a URL, and has a name before its keys', () => {
  const { fleet, fleetPrefix, fleetWorkers } = parseRunConfig({ ...FLEET, 'fleet-workers': '3' }, {}, []);
  assert.deepEqual([new URL(fleet!).host, fleetPrefix, fleetWorkers], ['10.0.0.1:6379', 'connrig', 3]);
  for (const url of ['10.0.0.1:6379', 'http://10.0.0.1', 'redis://'])
    assert.match(findRunProblem({ fleet: url }), /^--fleet: it has to be a URL such as redis:/, url);
  // It may have a password.
  assert.ok(!findRunProblem({ fleet: 'http://:SECRET@10.0.0.1' }).includes('SECRET'));
  assert.match(findRunProblem({ ...FLEET, 'fleet-prefix': '{a}' }), /^--fleet-prefix: .*not a word/);
  assert.match(findRunProblem({ ...FLEET, 'fleet-workers': '0' }), /^--fleet-workers: /);
});

test('details of a fleet are refused where there is none', () => {
  for (const [name, value] of Object.entries({ 'fleet-workers': '2', 'fleet-prefix': 'other' }))
    assert.match(findRunProblem({ [name]: value }), new RegExp(`^--${name}: there is no fleet without --fleet redis:`));
  // By default it is no detail that was named.
  assert.equal(parseRunConfig({}, {}, []).fleet, undefined);
});

test('what connections of other machines can not have is refused, each with why', () => {
  const problem = findRunProblem({ ...FLEET, urls: ['ws://127.0.0.1:9'], source: ['127.0.0.2'] });
  assert.match(problem, /^--source and --fleet: workers have addresses of their own; leave one of them out/);
  const socket = findRunProblem({ ...FLEET, urls: ['ws+unix:///run/a.sock'] });
  assert.match(socket, /--fleet: a Unix socket can not be reached from other machines/);
});

test('a fleet is refused nothing that has no say in where connections are', () => {
  const behaviours = ['idle', 'heartbeat:10s', 'echo:100/s:64B', 'churn:5%/s', 'storm:50%'];
  for (const behaviour of behaviours) {
    const config = parseRunConfig({ ...FLEET, protocol: 'ws', behaviour }, {}, []);
    assert.equal(config.fleet !== undefined, true, behaviour);
  }
});
