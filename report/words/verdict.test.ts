import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { plain } from './phrase.ts';
import { verdictOf } from './verdict.ts';

const run = runFile({
  config: { memoryLimitBytes: 2 ** 31, headroomPercent: 20 },
  plan: { legs: [leg()], launches: 1 },
});
const summary = summarize({ run, samples: climb(5000), events: [], problems: [] });
const said = (more: Partial<Summary>): string[] => verdictOf({ ...summary, ...more }).map(plain);
const withLeg = (more: Partial<LegSummary>): string => said({ legs: [{ ...summary.legs[0]!, ...more }] }).join('\n');
const cost = (bytes: number, reach = 0) => ({ bytes, low: bytes - reach, high: bytes + reach });
const perConnection = summary.legs[0]!.perConnection!;
const fit = summary.legs[0]!.fit!;
const error = { code: 'EX', message: 'it went wrong', hint: 'do better' };

const LIMITS =
  "2.0 GiB hold about 190,000 with 20 % headroom, far beyond what was measured; the first limit is the target's open files at 19,936, then the client's local ports at 28,232.";

test('what one more costs, in parts, how many fit, and what stops the next one', () => {
  assert.deepEqual(said({}), [
    `One more WebSocket costs 8.7 KiB: 4.9 KiB in user space and 3.9 KiB in the kernel; ${LIMITS}`,
  ]);
});

test('an interval is told where it can be seen, and a wide one makes the cost a rough one', () => {
  const total = cost(9000, 1000);
  assert.match(
    withLeg({ perConnection: { ...perConnection, total } }),
    /costs 8\.8 KiB \(between 7\.8 and 9\.8 KiB\): /,
  );
  const wide = cost(9000, 4000);
  assert.match(
    withLeg({ perConnection: { ...perConnection, total: wide } }),
    /costs roughly 8\.8 KiB \(between 4\.9 and/,
  );
});

test('an inconclusive leg says why, and what would tell', () => {
  const inconclusive = {
    reasons: [
      { code: 'no-line' as const, sentence: 'memory does not follow', remedy: '--rest 15s' },
      { code: 'range' as const, sentence: 'the range is wide', remedy: '--launches 5' },
    ],
    components: {},
  };
  assert.equal(
    withLeg({ inconclusive, perConnection: null, fit: null, burst: null }),
    'Memory does not follow; the range is wide; to settle it: --rest 15s.',
  );
});

test('a knee and steps are told apart from the cost', () => {
  const knee = { at: 4100, low: 4000, high: 4500, below: cost(4096), above: cost(8192) };
  const steps = [
    { at: 1500, low: 1000, high: 2000, bytes: 2 ** 24 },
    { at: 3000, low: 2500, high: 3500, bytes: 2 ** 25 },
  ];
  const text = withLeg({ fit: { ...fit, knee, steps } });
  assert.match(text, /^Above about 4,100 connections one more WebSocket costs 8\.7 KiB: /);
  assert.match(
    text,
    /; below that it was 4\.0 KiB, 16\.0 MiB came at once between 1,000 and 2,000, 32\.0 MiB came at once between 2,500 and 3,500; /,
  );
});

/** Nothing kept: each part as after three cycles. */
const NONE = { bytesPerClosedConnection: 0, low: -1, high: 1 };
const kept = (more: Partial<NonNullable<LegSummary['retained']>>): Partial<LegSummary> => ({
  drains: [0, 3000].map((closedConnections, cycle) => ({ ...summary.legs[0]!.drains[0]!, cycle, closedConnections })),
  retained: { ...NONE, kernel: NONE, files: { perClosedConnection: 0, low: -1, high: 1 }, firstCycleBytes: 0, ...more },
});
const each = (bytesPerClosedConnection: number) => ({
  bytesPerClosedConnection,
  low: bytesPerClosedConnection - 100,
  high: bytesPerClosedConnection + 100,
});
const once = (bytesPerClosedConnection: number) => ({ bytesPerClosedConnection, low: null, high: null });
const KEPT: ReadonlyArray<[string, Partial<NonNullable<LegSummary['retained']>>, string]> = [
  ['nothing', {}, ''],
  ['memory', each(512), 'each closed connection leaves 512 B in user space: a leak'],
  ['memory that may be noise', { bytesPerClosedConnection: 512, low: -1, high: 1025 }, ''],
  [
    'sockets',
    { kernel: each(3900), files: { perClosedConnection: 1, low: 0.99, high: 1.01 } },
    'each closed connection leaves one open file and 3.8 KiB in the kernel: a leak',
  ],
  [
    'one socket in four, and memory',
    { ...each(1024), kernel: each(1000), files: { perClosedConnection: 0.25, low: 0.24, high: 0.26 } },
    'each closed connection leaves 0.25 open files, 1000 B in the kernel and 1.0 KiB in user space: a leak',
  ],
  [
    'files that are no sockets',
    { files: { perClosedConnection: 2, low: 1.9, high: 2.1 } },
    'each closed connection leaves 2 open files: a leak',
  ],
  [
    'sockets after one climb',
    { ...once(20), kernel: once(3900), files: { perClosedConnection: 1, low: null, high: null } },
    'each closed connection leaves one open file and 3.8 KiB in the kernel: a leak, unless the next connections use it again: --cycles 3 tells',
  ],
  [
    'memory after one climb',
    {
      ...once(16_000),
      kernel: once(8),
      files: { perClosedConnection: 0, low: null, high: null },
      firstCycleBytes: 16_000,
    },
    'each closed connection leaves 15.6 KiB, kept for the next or leaked: --cycles 3 tells',
  ],
  ['a little memory after one climb', { ...once(300), firstCycleBytes: 300, files: null, kernel: null }, ''],
  [
    'memory that later climbs took up',
    { firstCycleBytes: 16_000 },
    'each closed connection leaves 15.6 KiB, kept and used again by the next: no leak',
  ],
];
for (const [name, more, wanted] of KEPT) {
  test(`what closed connections leave: ${name}`, () => {
    const told = withLeg(kept(more))
      .split('; ')
      .filter((part) => part.startsWith('each closed'));
    assert.deepEqual(told, wanted === '' ? [] : [wanted]);
  });
}

test('what a leak uses up first is told with it, after how many closes', () => {
  const closes = { leg: 'ws', protocol: 'ws', unit: 'closed connections' } as const;
  const fds = { ...closes, what: 'fds', at: 19_936, available: 20_000 } as const;
  const memory = { ...closes, what: 'memory', at: 1_000_000, available: 2 ** 32 } as const;
  const ports = { leg: 'ws', protocol: 'ws', what: 'ports', at: 28_232, unit: 'connections' } as const;
  const files = { perClosedConnection: 1, low: 0.9, high: 1.1 };
  const legs = [{ ...summary.legs[0]!, ...kept({ ...each(4096), files }) }];
  const [both] = said({ limiters: [fds, ports, memory], legs });
  assert.match(both!, /: a leak; 20,000 open files are taken after 19,936 closes; 2\.0 GiB hold /);
  assert.match(both!, /; the first limit is the client's local ports at 28,232\.$/);
  const [one] = said({ limiters: [ports, memory], legs });
  assert.match(one!, /: a leak; the memory limit of 4\.0 GiB is reached after 1,000,000 closes; /);
});

test('where a part is not known, that is said', () => {
  const user = withLeg({ perConnection: { ...perConnection, total: null, kernel: null } });
  assert.match(user, /costs 4\.9 KiB in user space; the kernel's part isn't known; /);
  const kernel = withLeg({ perConnection: { ...perConnection, total: null, user: null } });
  assert.match(kernel, /costs 3\.9 KiB in the kernel; user space is not known; /);
});

const levels = summary.legs[0]!.levels;
const FEW: ReadonlyArray<[string, Partial<LegSummary>, string]> = [
  [
    'one level',
    { levels: levels.slice(5) },
    "3,000 WebSockets took 63.8 MiB, but one level can't tell what one more costs: that takes three.",
  ],
  [
    'two levels',
    { levels: levels.slice(4) },
    "3,000 WebSockets took 63.8 MiB, but two levels can't tell what one more costs: that takes three.",
  ],
  [
    'no level',
    { levels: [], peakOpen: 17 },
    'No level was reached: at most 17 of 3,000 WebSockets were open at a time.',
  ],
  ['no connection', { levels: [], peakOpen: 0 }, 'No level was reached: none of 3,000 WebSockets opened.'],
  [
    'levels of a target that nobody measures',
    { levels: levels.map((level) => ({ ...level, bytes: { total: null, user: null, kernel: null } })) },
    "3,000 WebSockets were held, but nobody told the target's memory, so what one more costs isn't known.",
  ],
  [
    'one level of such a target',
    { levels: levels.slice(5).map((level) => ({ ...level, bytes: { total: null, user: null, kernel: null } })) },
    "3,000 WebSockets were held, but one level can't tell what one more costs: that takes three.",
  ],
];
for (const [name, more, wanted] of FEW) {
  test(`without a cost: ${name}`, () => assert.equal(withLeg({ ...more, perConnection: null, fit: null }), wanted));
}

test('a run that did not go all the way says why first, and how far it came', () => {
  const legs = [{ ...summary.legs[0]!, planned: 9000 }];
  const cut = said({ status: 'failed', error, legs });
  assert.equal(cut[0], 'The run failed: it went wrong.');
  assert.match(cut[1]!, /^From levels up to 3,000 of 9,000: one more WebSocket costs /);
  assert.equal(said({ status: 'invalid', error })[0], 'The result is not valid: it went wrong.');
  assert.equal(
    said({ status: 'interrupted', error: { ...error, message: 'the run was interrupted' } })[0],
    'The run was interrupted.',
  );
  assert.deepEqual(said({ status: 'failed', error, legs: [] }), [
    'The run failed: it went wrong.',
    'No leg began, so nothing was measured.',
  ]);
});

test('the limit of a cgroup is called that; a limit of pace has its unit; no limit, no word', () => {
  const memoryLimit = { bytes: 2 ** 31, basis: 'cgroup', machineBytes: 2 ** 34 } as const;
  assert.match(said({ target: { ...summary.target, memoryLimit } })[0]!, /2\.0 GiB, the limit of its cgroup, hold /);
  const cpu = [{ leg: 'ws', protocol: 'ws', what: 'cpu', at: 1500, unit: 'opens per second' }] as const;
  assert.match(
    said({ limiters: [...cpu] })[0]!,
    /the first limit is the target's processors at 1,500 opens per second\.$/,
  );
  assert.match(said({ limiters: [], capacity: [] })[0]!, /in the kernel\.$/);
});
