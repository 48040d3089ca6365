import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ZodType } from 'zod';
import { readingsAt, serverMemory } from '../../test/support/readings.ts';
import { climb, memoryPoint, progressOf, runFile, tick } from '../../test/support/synthetic-run.ts';
import { ServerMemory, ServerReady, TopConnections } from './admin.ts';
import { Readings } from './readings.ts';
import { RunEvent, RunFile, Sample } from './record.ts';

const where = { launch: 0, elapsedMs: 12.5, leg: 0, protocol: 'ws' } as const;
const point = memoryPoint('hold', 500, readingsAt(500, 42_000_000));

const cost = { bytes: 5000, low: 4900, high: 5100 };
const baseline: RunFile['baseline'] = {
  folder: 'runs/main',
  maxGrowthPercent: 5,
  run: runFile(),
  status: 'passed',
  problems: [],
  legs: [
    { name: 'ws', protocol: 'ws', launches: 3, rSquared: 0.999, tls: null, total: null, user: cost, coarseBytes: 0 },
  ],
};

const SAMPLES: ReadonlyArray<[string, ZodType, unknown]> = [
  ['run.json', RunFile, runFile()],
  ['run.json of a run under way', RunFile, runFile({ status: 'running', exitCode: null, finishedAt: null })],
  ['run.json of a run held against another', RunFile, runFile({ baseline })],
  ['a tick', Sample, tick(500, progressOf(400).counts)],
  ['a memory point', Sample, point],
  ['a memory point with both readings', Sample, { ...point, unforced: point.readings }],
  ['the end of a leg', Sample, climb(5000).at(-1)],
  ['a phase', RunEvent, { type: 'phase', ...where, phase: 'ramp', level: 500 }],
  ['a failed connection', RunEvent, { type: 'trouble', ...where, what: 'refused', detail: 'ECONNREFUSED' }],
  ['a lost connection', RunEvent, { type: 'trouble', ...where, what: 'by-peer', detail: '' }],
  ['a warning', RunEvent, { type: 'warning', elapsedMs: 0, text: 'tight' }],
  ['an error', RunEvent, { type: 'error', elapsedMs: 0, code: 'EREFUSED', message: 'refused', hint: 'ss -ltn' }],
  ['readings', Readings, readingsAt(10, 1e6)],
  ['readings of nothing', Readings, { ...readingsAt(0, 0), target: null, slab: null, sockstat: null, host: null }],
  ['what /memory answers', ServerMemory, serverMemory(5, 1e6)],
  ['a server that is ready', ServerReady, { ready: true, pid: 1, urls: ['ws://h:1'], admin: 'http://h:2' }],
  ['what /connections answers', TopConnections, { schema: 1, open: 0, connections: [] }],
];
test('of a record that is older than a reason to close, no connection was closed for that', () => {
  const { 'too-large': _, flood: __, 'slow-reader': ___, ...older } = point.progress.closeReasons;
  const read = Sample.parse({ ...point, progress: { ...point.progress, closeReasons: older } });
  assert.deepEqual(read, point);
});

for (const [name, schema, value] of SAMPLES) {
  test(`${name} survives JSON and its schema unchanged`, () => {
    assert.deepEqual(schema.parse(JSON.parse(JSON.stringify(value))), value);
  });
}

const counts = progressOf(400).counts;
const BAD: ReadonlyArray<[string, ZodType, unknown]> = [
  ['a sample of an unknown type', Sample, { ...point, type: 'else' }],
  ['an unknown outcome', Sample, { ...tick(1, counts), outcomes: { ...progressOf(1).outcomes, exploded: 1 } }],
  ['a missing outcome', Sample, { ...tick(1, counts), outcomes: { open: 1 } }],
  ['a count below 0', Sample, tick(500, { ...counts, open: -1 })],
  ['half a connection', Sample, tick(500, { ...counts, open: 1.5 })],
  ['an unknown phase', Sample, { ...tick(500, counts), phase: 'nap' }],
  ['a hold of an unknown protocol', Sample, { ...point, protocol: 'quic' }],
  ['an unknown trouble', RunEvent, { type: 'trouble', ...where, what: 'exploded', detail: '' }],
  ['a newer schema', RunFile, { ...runFile(), schema: 2 }],
  ['an unknown status', RunFile, { ...runFile(), status: 'fine' }],
  ['a baseline without a folder', RunFile, { ...runFile(), baseline: { ...baseline, folder: undefined } }],
  ['a start that is no time', RunFile, runFile({ startedAt: 'yesterday' })],
  [
    'a rate of 0',
    RunFile,
    runFile({ plan: { legs: [{ ...runFile().plan.legs[0]!, connectsPerSecond: 0 }], launches: 1 } }),
  ],
  ['a server without processes', ServerMemory, { ...serverMemory(0, 1), processes: [] }],
  ['an unknown close reason', ServerMemory, withReason('tired')],
];
for (const [name, schema, value] of BAD) {
  test(`${name} is refused`, () => assert.equal(schema.safeParse(value).success, false));
}

test('what a newer version adds is left out, and the rest is read', () => {
  assert.deepEqual(Sample.parse({ ...point, mood: 'good' }), point);
});

function withReason(reason: string): unknown {
  const memory = serverMemory(0, 1);
  const tcp = { ...memory.census.tcp, closed: { ...memory.census.tcp.closed, [reason]: 1 } };
  return { ...memory, census: { ...memory.census, tcp } };
}
