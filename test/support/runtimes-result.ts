import type { RuntimeResult, RuntimesResult, Times } from '../../core/schemas/runtimes.ts';
import { FULL, toldOf } from '../../lab/runtimes/plan.ts';
import { claimsOf } from '../../report/runtimes/claims.ts';

const estimate = (bytes: number) => ({ bytes, low: bytes * 0.93, high: bytes * 1.04 });
const times = (factor: number): Times[] =>
  [500, 2000, 10_000].map((open, i) => {
    const p99Ms = factor * (i + 1.25);
    return { open, p50Ms: 0.57 + i * 0.01, p99Ms, p99sMs: [p99Ms, p99Ms + 0.5, p99Ms - 0.5], lost: i };
  });
const memory = (userBytes: number): NonNullable<RuntimeResult['memory']> => ({
  launches: 3,
  upTo: 100_000,
  total: estimate(userBytes + 4096),
  user: estimate(userBytes),
  kernel: estimate(4096),
  baselineBytes: 30e6,
  first: { open: 1000, growthBytes: (userBytes + 4096) * 1000 },
});

/**
 * A comparison of runtimes in which everything occurs: servers that were measured in full, in part, refused, failed or left out.
 *
 * @param word what servers, languages and tools are called, and what they say, in place of ordinary words
 */
export function runtimesResult(word?: string): RuntimesResult {
  const name = (text: string): string => (word === undefined ? text : `${word} ${text}`);
  const target = (text: string, language: string, state: 'measured' | 'skipped' | 'failed', said: string) => ({
    name: name(text),
    language: name(language),
    what: name('an echo server'),
    tools: name('tool 1.26.8; pip 23.2'),
    state,
    said: said && name(said),
    deployed: state === 'measured' ? { bytes: 3.2 * 2 ** 20, files: 118 } : null,
  });
  const result = (text: string, language: string, more: Partial<RuntimeResult>): RuntimeResult => ({
    target: name(text),
    language: name(language),
    protocol: 'tcp',
    transport: 'plain',
    threadPerConnection: false,
    memory: null,
    many: null,
    manyRefused: null,
    times: [],
    work: [],
    overload: [],
    ...more,
  });
  const held = { launches: 3, open: 100_000, totalBytes: 7.1e8, userBytes: 3e8, kernelBytes: 4.1e8, processes: 6 };
  const targets = [
    target('go-tcp', 'Go', 'measured', ''),
    target('java-threads-tcp', 'Java', 'measured', ''),
    target('node-http', 'Node.js', 'failed', 'ETARGETDIED: killed after 12 s\nError: listen EADDRINUSE :::8080'),
    target('python-ws', 'Python', 'skipped', 'python3 3.11 is not installed — apt-get install python3'),
  ];
  const results = [
    result('go-tcp', 'Go', { memory: memory(3201), many: held, times: times(1) }),
    result('java-threads-tcp', 'Java', {
      memory: memory(46_480),
      threadPerConnection: true,
      times: times(3),
      manyRefused: name('ELIMITS: 100000 threads, and 31200 may be had'),
    }),
    result('node-http', 'Node.js', { protocol: 'http', times: times(2), work: times(20), overload: times(600) }),
  ];
  const goroutines = { count: 100_000, bytes: 2.7e8, bytesEach: 2700 };
  return {
    schema: 1,
    connrigVersion: '0.0.0',
    quick: false,
    isWhole: false,
    plan: toldOf(FULL),
    targets,
    goroutines,
    results,
    claims: claimsOf({ targets, goroutines, results }),
  };
}
