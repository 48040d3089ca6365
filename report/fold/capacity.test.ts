import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { climb, leg, runFile } from '../../test/support/synthetic-run.ts';
import { ALL_ANSWERED } from '../../test/support/talking-run.ts';
import { capacityOf, forecastOf, limitersOf } from './capacity.ts';
import { memoryLimitOf } from './memory-limit.ts';
import { summarize } from './summarize.ts';

const [summarized] = summarize({ run: runFile(), samples: climb(4042), events: [], problems: [] }).legs;
const limitOf = (run: RunFile) => memoryLimitOf({ run, samples: [] });
type Fit = NonNullable<LegSummary['fit']>;
const line = (more: Partial<Fit['lines'][number]> = {}): Fit['lines'][number] => ({
  fromOpen: 0,
  interceptBytes: 1e8,
  bytesPerConnection: 8000,
  residualBytes: 0,
  degrees: 4,
  points: 6,
  meanOpen: 1750,
  openSquares: 4_375_000,
  ...more,
});
const along = (...lines: Fit['lines']): LegSummary => ({ ...summarized!, fit: { ...summarized!.fit!, lines } });
const whole = along(line());
const scattered = along(line({ residualBytes: 50_000 }));
const blinds = [
  { ...whole, perConnection: null },
  { ...whole, perConnection: { ...whole.perConnection!, total: null } },
  { ...whole, fit: null },
  { ...whole, levels: [] },
];

test('a forecast follows the line and its interval of prediction, beyond what was measured only', () => {
  assert.deepEqual(
    forecastOf(whole).map(({ connections }) => connections),
    [10_000, 100_000, 1_000_000],
  );
  const exact = { bytes: 9e8, low: 9e8, high: 9e8 };
  const at = { leg: 'ws', protocol: 'ws', connections: 100_000, extrapolation: 100_000 / 3000, beyond: true };
  assert.deepEqual(forecastOf(whole)[1], { ...at, ...exact, burstBytes: null });
  const { bytes, low, high } = forecastOf(scattered)[1]!;
  // t(4) = 2.776 times 50 kB times how far it is: 98,250 ÷ √4,375,000
  const reach = 2.776 * 50_000 * Math.sqrt(1 + 1 / 6 + 98_250 ** 2 / 4_375_000);
  assert.deepEqual([bytes, low, high], [9e8, Math.round(9e8 - reach), Math.round(9e8 + reach)]);
  const wild = forecastOf(along(line({ residualBytes: 1e8 })))[1]!;
  assert.deepEqual([wild.bytes, wild.low, wild.high > 1e9], [9e8, 0, true], 'no target takes less than nothing');
  const high100k = { ...whole, levels: [{ ...whole.levels[0]!, open: 100_000 }] };
  assert.deepEqual(
    forecastOf(high100k).map(({ connections }) => connections),
    [1_000_000],
  );
  for (const blind of blinds) assert.deepEqual(forecastOf(blind), []);
});

test('a forecast is flagged beyond twice the measured range', () => {
  const to = (open: number) => ({ ...whole, levels: [{ ...whole.levels[0]!, open }] });
  assert.deepEqual(
    [4999, 5000].map((open) => forecastOf(to(open))[0]!.beyond),
    [true, false],
  );
});

test('above a knee it is the line above that tells', () => {
  const kneed = along(line(), line({ fromOpen: 2000, interceptBytes: 8.4e7, bytesPerConnection: 16_000 }));
  assert.equal(forecastOf(kneed)[0]!.bytes, 8.4e7 + 1.6e8);
  const small = runFile({ config: { memoryLimitBytes: 1.12e8, headroomPercent: 0 } });
  assert.equal(capacityOf(small, kneed, limitOf(small))[0]!.connections, 1500);
});

/** Config of the record, machine's limit; what is planned for, and what it holds. */
const CAPACITIES: ReadonlyArray<[string, Record<string, unknown>, LegSummary, [number, number, number, boolean]]> = [
  ['this machine, with the usual headroom', {}, whole, [4e9, 20, 387_500, true]],
  ['a limit that was given', { memoryLimitBytes: 2e8, headroomPercent: 20 }, whole, [2e8, 20, 7500, true]],
  [
    'little more than what was measured',
    { memoryLimitBytes: 1.4e8, headroomPercent: 0 },
    whole,
    [1.4e8, 0, 5000, false],
  ],
  ['less than the target has already', { memoryLimitBytes: 1e8 }, whole, [1e8, 20, 0, false]],
];
for (const [name, config, of, wanted] of CAPACITIES) {
  test(`the capacity of ${name}`, () => {
    const run = runFile({ config });
    const [one, ...more] = capacityOf(run, of, limitOf(run));
    const { protocol, memoryLimitBytes, headroomPercent, connections, extrapolation, beyond } = one!;
    assert.deepEqual([memoryLimitBytes, headroomPercent, connections, beyond], wanted);
    assert.deepEqual([protocol, extrapolation, more], ['ws', connections / 3000, []]);
  });
}

test('scatter lowers the capacity: it is the upper bound that has to fit', () => {
  const most = capacityOf(runFile(), scattered, limitOf(runFile()))[0]!.connections;
  assert.ok(most < 387_500 - 1000 && most > 380_000, String(most));
  for (const blind of blinds) assert.deepEqual(capacityOf(runFile(), blind, limitOf(runFile())), []);
});

const bursting = (beyondRestBytes: number | null): LegSummary => ({
  ...whole,
  burst: {
    open: 3000,
    userBytesPerConnection: 9000,
    kernelBytesPerConnection: 4000,
    beyondRestBytes,
    chargedBeyondRestBytes: null,
  },
});
/** Beyond rest in bytes, --size-by; what is sized by, at rest and while everybody reconnects. */
const SIZED: ReadonlyArray<[number | null, string | undefined, [string, number, number | null, number | null]]> = [
  [null, undefined, ['rest', 387_500, 387_500, null]],
  // 8,000 more for each are 16,000 beyond the 100 MB of the empty process.
  [8000, undefined, ['burst', 193_750, 387_500, 193_750]],
  [8000, 'dearer', ['burst', 193_750, 387_500, 193_750]],
  [8000, 'rest', ['rest', 387_500, 387_500, 193_750]],
  [-500, undefined, ['rest', 387_500, 387_500, 387_500]],
];
for (const [beyond, sizeBy, wanted] of SIZED) {
  test(`a capacity at ${beyond} B beyond rest, --size-by ${sizeBy}`, () => {
    const run = runFile({ config: { ...(sizeBy && { sizeBy }) } });
    const [{ sizedBy, connections, restConnections, burstConnections } = assert.fail()] = capacityOf(
      run,
      bursting(beyond),
      limitOf(run),
    );
    assert.deepEqual([sizedBy, connections, restConnections, burstConnections], wanted);
    const memory = limitersOf(run, bursting(beyond), 0, limitOf(run)).find(({ what }) => what === 'memory');
    assert.equal(memory?.at, connections);
  });
}

test('a forecast has what all of them take while they reconnect beside it', () => {
  const [first] = forecastOf(bursting(8000));
  assert.deepEqual([first!.bytes, first!.burstBytes], [1e8 + 8000 * 10_000, 1e8 + 16_000 * 10_000]);
});

type Kept = NonNullable<LegSummary['retained']>;
const none = { bytesPerClosedConnection: 0, low: -1, high: 1 };
const leaking = (more: Partial<Kept>): LegSummary => ({
  ...whole,
  baselineBytes: 1e8,
  drains: [{ cycle: 0, closedConnections: 0, bytes: 1e8, kernelBytes: 0, openFiles: 25 }],
  retained: { ...none, kernel: none, files: { ...none, perClosedConnection: 0 }, firstCycleBytes: 0, ...more },
});
const grows = { bytesPerClosedConnection: 4000, low: 3900, high: 4100 };
const files = { perClosedConnection: 0.5, low: 0.49, high: 0.51 };
const LEAKS: ReadonlyArray<[string, Partial<Kept>, ReadonlyArray<readonly [string, number, number]>]> = [
  ['nothing', {}, []],
  ['user memory', grows, [['memory', 975_000, 4e9]]],
  ['memory of both kinds', { ...grows, kernel: grows }, [['memory', 487_500, 4e9]]],
  ['descriptors', { files }, [['fds', 19_936 / 0.5, 20_000]]],
  [
    'descriptors, and too few cycles to tell',
    { ...none, low: null, high: null, files: { ...files, low: null, high: null } },
    [['fds', 19_936 / 0.5, 20_000]],
  ],
  ['a descriptor now and then', { ...none, low: null, files: { ...files, perClosedConnection: 0.001, low: null } }, []],
];
for (const [name, more, wanted] of LEAKS) {
  test(`what is used up after how many closes by a leak of ${name}`, () => {
    const found = limitersOf(runFile(), leaking(more), 0, limitOf(runFile()));
    const closes = found.filter(({ unit }) => unit === 'closed connections');
    assert.deepEqual(
      closes.map(({ what, at, available }) => [what, at, available]),
      wanted,
    );
    assert.deepEqual(
      found.map(({ at }) => at).toSorted((a, b) => a - b),
      found.map(({ at }) => at),
    );
  });
}

const { environment, target, generator } = runFile();
const [memory, fds, ports] = [
  ['memory', 387_500],
  ['fds', 19_936],
  ['ports', 28_232],
] as const;
const talking = (...p99Ms: number[]): LegSummary => ({
  ...whole,
  levels: p99Ms.map((ms, i) => ({
    ...whole.levels[i]!,
    rtt: { ...ALL_ANSWERED, p99Ms: ms, p999Ms: ms, uncorrectedP99Ms: ms },
  })),
});
const opening = (targetCpuMs: number): LegSummary => ({ ...whole, open: { ...whole.open, targetCpuMs } });
/** What is queued takes less than the pages reserved for it, which are what the kernel counts. */
const buffered = {
  ...whole,
  perConnection: { ...whole.perConnection!, components: { socketBuffers: 66_000 }, tcpReservedBytes: 80_000 },
};

const LIMITS: ReadonlyArray<[string, Partial<RunFile>, LegSummary, ReadonlyArray<readonly [string, number]>]> = [
  ['a small machine', {}, whole, [fds, ports, memory]],
  ['four processes', { target: { ...target, processes: 4 } }, whole, [ports, ['fds', 79_744], memory]],
  [
    'many destinations and sources',
    { generator: { ...generator, legs: [{ ...generator.legs[0]!, destinations: 4, sources: ['a', 'b', 'c'] }] } },
    whole,
    [fds, ['ports', 338_784], memory],
  ],
  [
    'a machine that tells nothing',
    { environment: { ...environment, ephemeralPorts: null }, target: { ...target, descriptorLimit: null } },
    whole,
    [memory],
  ],
  [
    'less memory than the target has already',
    { environment: { ...environment, memoryLimitBytes: 5e7 } },
    whole,
    [['memory', 0], fds, ports],
  ],
  ['data that queues up', {}, buffered, [['tcp-mem', 10_000], fds, ports, memory]],
  [
    'a kernel that gives buffers no limit',
    { environment: { ...environment, tcpMemMaxBytes: null } },
    buffered,
    [fds, ports, memory],
  ],
  [
    'a firewall that tracks',
    { environment: { ...environment, conntrackMax: 9000, conntrackCount: 100 } },
    whole,
    [['conntrack', 8900], fds, ports, memory],
  ],
  [
    'a firewall that tracks nothing',
    { environment: { ...environment, conntrackMax: 9000, conntrackCount: 0 } },
    whole,
    [fds, ports, memory],
  ],
  [
    'round trips that get too long',
    { config: { rttLimitMs: 50 } },
    talking(10, 50, 51, 80),
    [['rtt', 1500], fds, ports, memory],
  ],
  ['round trips that stay short', { config: { rttLimitMs: 50 } }, talking(10, 20, 30, 50), [fds, ports, memory]],
  ['round trips without a limit', {}, talking(10, 20, 300), [fds, ports, memory]],
  ['a processor with time to spare', {}, opening(0.25), [fds, ports, memory, ['cpu', 4000]]],
  ['a processor that is full at this pace', {}, opening(0.5), [['cpu', 2000], fds, ports, memory]],
  [
    'more processes than cores',
    { target: { ...target, processes: 4 } },
    opening(0.25),
    [ports, ['fds', 79_744], memory, ['cpu', 8000]],
  ],
  [
    'somebody else’s server, which may use all cores',
    { target: { ...target, kind: 'pid' } },
    opening(0.25),
    [fds, ports, memory, ['cpu', 8000]],
  ],
];
for (const [name, run, of, wanted] of LIMITS) {
  test(`limits of ${name}, the nearest first`, () => {
    const file = runFile({ plan: { legs: [leg()], launches: 1 }, ...run });
    const limiters = limitersOf(file, of, 0, limitOf(file));
    assert.deepEqual(
      limiters.map(({ what, at }) => [what, at]),
      wanted,
    );
    for (const { what, unit } of limiters) {
      assert.equal(unit, what === 'cpu' ? 'opens per second' : 'connections');
    }
  });
}

test('a cost of 0 or less limits no memory', () => {
  const free = along(line({ bytesPerConnection: -5 }));
  assert.ok(limitersOf(runFile(), free, 0, limitOf(runFile())).every(({ what }) => what !== 'memory'));
  assert.deepEqual(capacityOf(runFile(), free, limitOf(runFile())), []);
});

test('from fewer than a hundred connections at the top nothing is forecast, and no capacity follows', () => {
  const limit = { bytes: 2 ** 31, basis: 'machine', machineBytes: null } as const;
  for (const [top, isTold] of [
    [99, false],
    [100, true],
  ] as const) {
    const small = { ...whole, levels: [{ ...whole.levels[0]!, open: top }] };
    assert.equal(forecastOf(small).length > 0, isTold);
    assert.equal(capacityOf(runFile(), small, limit).length > 0, isTold);
    const what = limitersOf(runFile(), small, 0, limit).map((limiter) => limiter.what);
    assert.equal(what.includes('memory'), isTold);
    assert.ok(what.includes('fds'));
  }
});
