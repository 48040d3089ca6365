import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Claim, RuntimeResult, Times } from '../../core/schemas/runtimes.ts';
import { claimsOf } from './claims.ts';

const times = (p99Ms: number): Times[] => [{ open: 1000, p50Ms: 1, p99Ms, p99sMs: [p99Ms], lost: 0 }];
const estimate = (bytes: number) => ({ bytes, low: bytes, high: bytes });

function result(target: string, language: string, userBytes: number, more: Partial<RuntimeResult> = {}): RuntimeResult {
  const memory: RuntimeResult['memory'] = {
    launches: 3,
    upTo: 10_000,
    total: estimate(userBytes + 4096),
    user: estimate(userBytes),
    kernel: estimate(4096),
    baselineBytes: 30e6,
    first: { open: 1000, growthBytes: (userBytes + 4096) * 1000 },
  };
  const nothing = { many: null, manyRefused: null, times: [], work: [], overload: [] };
  return {
    target,
    language,
    protocol: 'tcp',
    transport: 'plain',
    threadPerConnection: false,
    memory,
    ...nothing,
    ...more,
  };
}
function verdict(start: string, results: readonly RuntimeResult[], bytesEach = 2600): string {
  const goroutines = { count: 100_000, bytes: bytesEach * 100_000, bytesEach };
  const { verdict, detail } = claimsOf({ results: [...results], targets: [], goroutines }).find(({ claim }) =>
    claim.startsWith(start),
  ) as Claim;
  return detail === '' ? verdict : `${verdict}: ${detail}`;
}

test('nothing measured is no verdict', () => {
  for (const { claim, verdict } of claimsOf({ results: [], targets: [], goroutines: null })) {
    assert.equal(verdict, 'not measured', claim);
  }
});

test('memory decides by the rules that are said', () => {
  assert.equal(verdict('A thousand open', [result('a', 'Go', 3000)]), 'does not hold');
  assert.equal(verdict('A thousand open', [result('a', 'Go', 3000), result('b', 'Java', 40_000)]), 'holds');
  // A server in C that began with next to nothing has doubled, and nobody's RAM has spiked.
  const tiny = result('c', 'C', 100);
  const doubled = { ...tiny, memory: { ...tiny.memory!, baselineBytes: 92 * 1024 } };
  assert.equal(verdict('A thousand open', [doubled]), 'does not hold');
  assert.deepEqual(
    [2000, 2048, 3072, 3073].map((bytes) => verdict('A goroutine', [], bytes)),
    ['does not hold', 'holds', 'holds', 'does not hold'],
  );
  const thread = { threadPerConnection: true };
  assert.equal(verdict('A thread', [result('a', 'Java', 90_000, thread)]), 'does not hold');
  assert.equal(
    verdict('A thread', [result('a', 'Java', 90_000, thread), result('b', 'Python', 2e6, thread)]),
    'depends: only b',
  );
  const others = [result('g', 'Go', 3000), result('n', 'Node.js', 2000)];
  assert.equal(verdict('Python', [...others, result('p', 'Python', 3001)]), 'holds');
  assert.equal(verdict('Python', [...others, result('p', 'Python', 3000)]), 'does not hold');
  const secured = result('p', 'Python', 9000, { transport: 'tls' });
  assert.equal(
    verdict('Python', [...others, result('p', 'Python', 3000), secured]),
    'does not hold',
    'nobody says it of TLS',
  );
});

test('times decide with the most connections open, and a tenth makes no difference', () => {
  const http = (target: string, language: string, idle: number, work: number): RuntimeResult =>
    result(target, language, 3000, { protocol: 'http', times: times(idle), work: times(work) });
  const go = http('go-http', 'Go', 10, 10);
  assert.equal(verdict("Node's", [go, http('node-http', 'Node.js', 10, 20)]), 'holds');
  assert.equal(verdict("Node's", [go, http('node-http', 'Node.js', 10, 19)]), 'does not hold');
  const beyond = (one: RuntimeResult, ms: number): RuntimeResult => ({ ...one, overload: times(ms) });
  const quick = http('node-http', 'Node.js', 10, 10);
  assert.equal(
    verdict("Node's", [beyond(go, 10), beyond(quick, 500), beyond(http('node-express', 'Node.js', 10, 20), 500)]),
    'depends: only below one core with node-express, beyond one core',
  );
  assert.equal(verdict("Node's", [beyond(go, 10), beyond(quick, 500)]), 'depends: only beyond one core');
  assert.equal(
    verdict('Go answers', [beyond(go, 10), beyond(quick, 500)]),
    'depends: http alike, http with computing alike, http beyond one core faster',
  );
  assert.equal(verdict('Go answers', [go, http('node-http', 'Node.js', 12, 12)]), 'holds');
  const unsteady = { ...go, times: [{ ...times(10)[0]!, p99sMs: [9, 10, 13] }] };
  assert.equal(
    verdict('Go answers', [unsteady, http('node-http', 'Node.js', 12, 12)]),
    'depends: http alike, http with computing faster',
  );
  assert.equal(
    verdict('Go answers', [go, http('node-http', 'Node.js', 10.5, 8)]),
    'depends: http alike, http with computing slower',
  );
});
