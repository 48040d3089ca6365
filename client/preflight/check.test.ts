import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkMachine, explain, mostConnections } from './check.ts';
import { CHECKS, type CheckName, type Judgement } from './finding.ts';
import { type Need, needOf } from './machine-demand.ts';
import type { Snapshot } from './snapshot.ts';

/** A machine with plenty of everything. */
const PLENTY: Snapshot = {
  cores: 8,
  pageSizeBytes: 4096,
  filesSoft: 1_048_576,
  filesHard: 1_048_576,
  targetFiles: 1_048_576,
  targetListeners: null,
  systemFilesOpen: 1000,
  systemFilesMax: 9_000_000,
  filesPerProcessMax: 1_048_576,
  portRange: [1024, 65_535],
  reservedPorts: 0,
  timeWaitReuse: 2,
  timeWait: 0,
  somaxconn: 65_535,
  synBacklog: 65_535,
  tcpMemUsedBytes: 0,
  tcpMemMaxBytes: 8 * 2 ** 30,
  conntrackCount: null,
  conntrackMax: null,
  threadsLeft: 32_000,
  memoryAvailableBytes: 64 * 2 ** 30,
};
const HERE: Need = needOf({ connections: 50_000, targetOnThisMachine: true });
const THREADED = { connections: 31_800, threadPerConnection: true };
const verdictOf = (what: CheckName, need: Need, has: Snapshot): Judgement | undefined =>
  checkMachine(need, has).find((finding) => finding.what === what)?.ok;

test('a machine with plenty of everything has nothing to find', () => {
  const findings = checkMachine(HERE, PLENTY);
  assert.deepEqual(
    findings.map(({ what, ok }) => [what, ok]),
    CHECKS.filter((what) => what !== 'conntrack' && what !== 'threads').map((what) => [what, 'ok']),
  );
  assert.equal(explain(findings), undefined);
});

const table: ReadonlyArray<{
  when: string;
  has?: Partial<Snapshot>;
  need?: Partial<Need>;
  what: CheckName;
  ok: Judgement | undefined;
}> = [
  { when: 'exactly enough files', has: { filesHard: 50_072 }, what: 'files', ok: 'ok' },
  { when: 'one file too few', has: { filesHard: 50_071 }, what: 'files', ok: 'fail' },
  { when: 'no limit of files', has: { filesHard: Number.POSITIVE_INFINITY }, what: 'files', ok: 'ok' },
  { when: 'the limit of files not readable', has: { filesHard: null }, what: 'files', ok: 'unknown' },
  { when: 'a target that runs with a small limit', has: { targetFiles: 1024 }, what: 'target-files', ok: 'fail' },
  {
    when: 'a target of four processes',
    has: { targetFiles: 12_564 },
    need: { targetProcesses: 4 },
    what: 'target-files',
    ok: 'ok',
  },
  {
    when: 'a target elsewhere',
    has: { targetFiles: 1 },
    need: { targetOnThisMachine: false },
    what: 'target-files',
    ok: undefined,
  },
  { when: 'a low ceiling', has: { filesPerProcessMax: 20_000 }, what: 'files-ceiling', ok: 'fail' },
  { when: 'a system short of files', has: { systemFilesMax: 90_000 }, what: 'system-files', ok: 'fail' },
  { when: 'the usual port range', has: { portRange: [32_768, 60_999] }, what: 'ports', ok: 'fail' },
  {
    when: 'the usual port range, two destinations',
    has: { portRange: [32_768, 60_999] },
    need: { destinations: 2 },
    what: 'ports',
    ok: 'ok',
  },
  {
    when: 'the usual port range, two sources',
    has: { portRange: [32_768, 60_999] },
    need: { sources: 2 },
    what: 'ports',
    ok: 'ok',
  },
  { when: 'most ports reserved', has: { reservedPorts: 20_000 }, what: 'ports', ok: 'fail' },
  { when: 'ports in TIME_WAIT, reusable on loopback', has: { timeWait: 20_000 }, what: 'ports', ok: 'ok' },
  { when: 'ports in TIME_WAIT, not reusable', has: { timeWait: 20_000, timeWaitReuse: 0 }, what: 'ports', ok: 'fail' },
  {
    when: 'ports in TIME_WAIT towards elsewhere',
    has: { timeWait: 20_000 },
    need: { targetOnThisMachine: false },
    what: 'ports',
    ok: 'fail',
  },
  { when: 'no port range to read', has: { portRange: null }, what: 'ports', ok: 'unknown' },
  { when: 'a short backlog', has: { somaxconn: 128 }, what: 'backlog', ok: 'warn' },
  {
    when: 'a short backlog, gentle rate',
    has: { somaxconn: 128 },
    need: { connectsPerSecond: 100 },
    what: 'backlog',
    ok: 'ok',
  },
  { when: 'a short SYN backlog', has: { synBacklog: 128 }, what: 'syn-backlog', ok: 'warn' },
  { when: 'a thread for each connection, just enough of them', need: THREADED, what: 'threads', ok: 'ok' },
  { when: 'one thread too few', has: { threadsLeft: 31_999 }, need: THREADED, what: 'threads', ok: 'fail' },
  { when: 'no thread for a connection', has: { threadsLeft: 10 }, what: 'threads', ok: undefined },
  { when: 'little room for buffers', has: { tcpMemMaxBytes: 1e6 }, what: 'tcp-memory', ok: 'warn' },
  {
    when: 'a full conntrack table in use',
    has: { conntrackMax: 32_768, conntrackCount: 5 },
    what: 'conntrack',
    ok: 'fail',
  },
  {
    when: 'a small conntrack table nobody uses',
    has: { conntrackMax: 32_768, conntrackCount: 0 },
    what: 'conntrack',
    ok: 'warn',
  },
  { when: 'too little memory', has: { memoryAvailableBytes: 2 ** 30 }, what: 'memory', ok: 'fail' },
  { when: 'just enough memory', has: { memoryAvailableBytes: 1.25 * 2 ** 30 }, what: 'memory', ok: 'warn' },
];
for (const { when, has, need, what, ok } of table) {
  test(`${when}: ${what} ${ok ?? 'is no question'}`, () => {
    assert.equal(verdictOf(what, { ...HERE, ...need }, { ...PLENTY, ...has }), ok);
  });
}

test('a Unix socket has no ports, no queue that loses anybody, and nothing of TCP', () => {
  const findings = checkMachine(
    { ...HERE, family: 'unix' },
    {
      ...PLENTY,
      portRange: [1, 2],
      somaxconn: 1,
      synBacklog: 1,
      tcpMemMaxBytes: 1,
      conntrackMax: 1,
      conntrackCount: 1,
    },
  );
  assert.deepEqual(
    findings.map(({ what, ok }) => [what, ok]),
    ['files', 'target-files', 'files-ceiling', 'system-files', 'memory'].map((what) => [what, 'ok']),
  );
});

test('ports that only rest are waited for; the sentence says how many', () => {
  const has = { ...PLENTY, portRange: [1, 60_000] as const, timeWait: 20_000, timeWaitReuse: 0 };
  const ports = checkMachine({ ...HERE, connections: 50_000, destinations: 1, sources: 1 }, has).find(
    ({ what }) => what === 'ports',
  );
  assert.equal(
    ports?.sentence,
    '50,000 connections from 1 source to 1 destination; there are local ports for 40,000, since 20,000 that were closed lately rest in TIME_WAIT',
  );
  assert.equal(ports?.command, 'sleep 60; or end the run before with --close reset');
});

test('one error names every failure; the first gives the code, and the hint can be pasted', () => {
  const error = explain(
    checkMachine(HERE, { ...PLENTY, filesHard: 20_000, targetFiles: 20_000, portRange: [32_768, 60_999] }),
  );
  assert.equal(error?.code, 'EFILES');
  assert.equal(error.exitCode, 3);
  assert.equal(
    error.message,
    'the client needs 50,072 open files in one process; its limit is 20,000. ' +
      'The target needs 50,064 open files in one process; its limit is 20,000. ' +
      '50,000 connections from 1 source to 1 destination; there are local ports for 28,232',
  );
  assert.equal(error.hint, 'ulimit -n 50072; sysctl -w net.ipv4.ip_local_port_range="1024 65535"');
});

const codes = [
  [{ portRange: [32_768, 60_999] as const }, 'EPORTS'],
  [{ memoryAvailableBytes: 2 ** 28 }, 'EMEMORY'],
  [{ conntrackMax: 100, conntrackCount: 1 }, 'ELIMITS'],
] as const;
for (const [has, code] of codes) {
  test(`${Object.keys(has)[0]} too small ends in ${code}`, () => {
    assert.equal(explain(checkMachine(HERE, { ...PLENTY, ...has }))?.code, code);
  });
}

test('more than all ports of one destination: no range helps, more destinations do', () => {
  const ports = checkMachine(needOf({ connections: 200_000 }), PLENTY).find(({ what }) => what === 'ports');
  assert.equal(ports?.ok, 'fail');
  assert.match(ports.command, /^give 4 destination ports \(ws:\/\/host:9001-9004\)/);
  const secured = checkMachine(needOf({ connections: 200_000, scheme: 'wss' }), PLENTY);
  assert.match(secured.find(({ what }) => what === 'ports')!.command, /\(wss:\/\/host:9001-9004\)/);
});

test('the most that fits is the last number before a failure', () => {
  const has = { ...PLENTY, filesHard: 20_000 };
  assert.deepEqual(
    mostConnections((connections) => ({ ...HERE, connections }), has),
    { connections: 19_928, limiter: 'files' },
  );
  assert.equal(explain(checkMachine({ ...HERE, connections: 19_928 }, has)), undefined);
  assert.equal(explain(checkMachine({ ...HERE, connections: 19_929 }, has))?.code, 'EFILES');
});

const BADNESS: Record<Judgement, number> = { ok: 0, unknown: 0, warn: 1, fail: 2 };
/** Limits where more is better. */
const LIMITS = [
  'filesHard',
  'targetFiles',
  'systemFilesMax',
  'filesPerProcessMax',
  'somaxconn',
  'synBacklog',
  'tcpMemMaxBytes',
  'threadsLeft',
  'conntrackMax',
  'memoryAvailableBytes',
] as const;
const anyNeed: fc.Arbitrary<Need> = fc
  .record({
    connections: fc.integer({ min: 1, max: 2_000_000 }),
    connectsPerSecond: fc.integer({ min: 1, max: 100_000 }),
    workers: fc.integer({ min: 1, max: 64 }),
    destinations: fc.integer({ min: 1, max: 100 }),
    sources: fc.integer({ min: 1, max: 10 }),
    targetOnThisMachine: fc.boolean(),
    threadPerConnection: fc.boolean(),
  })
  .map(needOf);
const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .tuple(
    fc.record(Object.fromEntries(LIMITS.map((name) => [name, fc.nat(3_000_000)]))),
    fc.nat(500_000),
    fc.integer({ min: 1024, max: 65_535 }),
    fc.nat(30_000),
  )
  .map(([limits, taken, first, timeWait]) => ({
    ...PLENTY,
    ...limits,
    memoryAvailableBytes: (limits['memoryAvailableBytes'] ?? 0) * 10_000,
    portRange: [first, 65_535],
    timeWait,
    conntrackCount: taken,
    systemFilesOpen: taken,
  }));

test('property: raising a limit never makes a finding worse', () => {
  fc.assert(
    fc.property(anyNeed, anySnapshot, fc.constantFrom(...LIMITS), fc.nat(5_000_000), (need, has, limit, more) => {
      const before = checkMachine(need, has);
      const raised = checkMachine(need, { ...has, [limit]: (has[limit] ?? 0) + more });
      for (const [i, { ok, what }] of raised.entries()) assert.ok(BADNESS[ok] <= BADNESS[before[i]!.ok], what);
    }),
  );
});

test('property: fewer connections never make a finding worse, and the widest port range is the best', () => {
  fc.assert(
    fc.property(anyNeed, anySnapshot, fc.nat(1_999_999), (need, has, fewer) => {
      const before = checkMachine(need, has);
      const eased = checkMachine(
        { ...need, connections: Math.max(1, need.connections - fewer) },
        { ...has, portRange: [1024, 65_535] },
      );
      for (const [i, { ok, what }] of eased.entries()) assert.ok(BADNESS[ok] <= BADNESS[before[i]!.ok], what);
    }),
  );
});

test('property: what is proposed has only numbers that somebody could want', () => {
  fc.assert(
    fc.property(anyNeed, anySnapshot, fc.nat(70_000), (need, has, reservedPorts) => {
      for (const { command } of checkMachine(need, { ...has, reservedPorts })) {
        assert.doesNotMatch(command, /(?:^|[\s=])-?0\b|[\s=]-\d|NaN|Infinity|give 0/, command);
      }
    }),
  );
});

test('where memory is gone, fewer connections are no help; where it is tight, fewer than asked for are proposed', () => {
  const commandOf = (memoryAvailableBytes: number): string =>
    checkMachine(HERE, { ...PLENTY, memoryAvailableBytes }).find(({ what }) => what === 'memory')!.command;
  assert.match(commandOf(1000), /^end what takes the memory: ps /);
  const needed = checkMachine(HERE, PLENTY).find(({ what }) => what === 'memory')!.needed;
  const [, tight = ''] = /^--connections (\d+)$/.exec(commandOf(needed * 1.1)) ?? [];
  assert.ok(Number(tight) > 0 && Number(tight) < HERE.connections, tight);
});
