import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import { USER_COMPONENTS } from '../../core/ledger/ledger.ts';
import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Sample } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { cgroupOf, KERNEL_BYTES_EACH, processTree, readingsAt, serverMemory } from '../../test/support/readings.ts';
import { securedLeg } from '../../test/support/secured-run.ts';
import { exactBytes, makeRecord, readOnlyLeg, summarizeSamples } from '../../test/support/summaries.ts';
import { climb, LEVELS, leg, memoryPoint, progressOf, runFile, tick } from '../../test/support/synthetic-run.ts';
import { summarize } from './summarize.ts';

test('memory on an exact line comes out as exactly that cost', () => {
  const summary = summarizeSamples(climb(5000));
  const { perConnection, fit, baselineBytes, levels } = readOnlyLeg(summary);
  assert.deepEqual(perConnection?.user, exactBytes(5000));
  assert.deepEqual(perConnection?.kernel, exactBytes(KERNEL_BYTES_EACH));
  assert.deepEqual(perConnection?.total, exactBytes(5000 + KERNEL_BYTES_EACH));
  const { lines, ...rest } = fit!;
  assert.deepEqual(rest, { rSquared: 1, knee: null, step: null, steps: [], holdoutErrorPercent: 0 });
  assert.deepEqual(
    lines.map(({ fromOpen, interceptBytes, bytesPerConnection }) => [fromOpen, interceptBytes, bytesPerConnection]),
    [[0, 40_000_000, 5000 + KERNEL_BYTES_EACH]],
  );
  assert.equal(baselineBytes, 40_000_000);
  assert.deepEqual(
    levels.map(({ open }) => open),
    LEVELS,
  );
  assert.deepEqual(levels[0], {
    open: 500,
    bytes: {
      total: 42_500_000 + 500 * KERNEL_BYTES_EACH,
      user: 42_500_000,
      kernel: 500 * KERNEL_BYTES_EACH,
    },
    settled: true,
    established: 500,
    censusOpen: 500,
    generatorBytes: 30_500_000,
    chargedBytes: null,
    kernelSockets: 1000,
    rtt: null,
    received: null,
    opening: { opened: 500, p50Ms: 2.0075, p99Ms: 2.0075, maxMs: 2.0075 },
  });
  assert.equal(summary.generator.bytesPerConnection, 1000);
  assert.deepEqual([summary.status, summary.exitCode, summary.error, summary.warnings], ['measured', 0, null, []]);
});

test("the client's own cost is that right after its garbage was collected, where that was read", () => {
  const collected = climb(5000).map((sample) =>
    sample.type === 'memory' ? { ...sample, generatorCollectedBytes: 30_000_000 + 91 * sample.level } : sample,
  );
  assert.equal(summarizeSamples(collected).generator.bytesPerConnection, 91);
});

test("what the target counts is that of the leg's scheme: TLS apart from plain", () => {
  const counted = climb(5000).map((sample) => {
    if (sample.type !== 'memory') return sample;
    const { census, ...runtime } = sample.readings.runtime!;
    const ws = { ...census!.ws, open: 7 };
    return { ...sample, readings: { ...sample.readings, runtime: { ...runtime, census: { ...census!, ws } } } };
  });
  const openOf = (own: RecordedLeg): Array<number | null> =>
    readOnlyLeg(summarizeSamples(counted, { run: runFile({ plan: { legs: [own], launches: 1 } }) })).levels.map(
      ({ censusOpen }) => censusOpen,
    );
  assert.deepEqual([openOf(securedLeg()), openOf(leg())], [LEVELS, LEVELS.map(() => 7)]);
});

const sumOf = (components: NonNullable<LegSummary['perConnection']>['components']): number =>
  [...USER_COMPONENTS, ...KERNEL_COMPONENTS].reduce((sum, name) => sum + (components[name] ?? 0), 0);

test('components sum to the total, also where medians of noisy parts would not', () => {
  const noisy = climb(5000).map((sample, i) => {
    if (sample.type !== 'memory') return sample;
    const target = processTree(sample.readings.target!.anonBytes! + ((i * 7919) % 13) * 50_000);
    const runtime = serverMemory(sample.level, 5_000_000 + 1000 * sample.level + ((i * 104_729) % 11) * 40_000);
    return { ...sample, readings: { ...sample.readings, target, runtime } };
  });
  const { perConnection } = readOnlyLeg(summarizeSamples(noisy));
  assert.notEqual(perConnection!.total!.bytes, 5000 + KERNEL_BYTES_EACH);
  assert.ok(Math.abs(sumOf(perConnection!.components) - perConnection!.total!.bytes) < 1e-6);
});

/** A climb in ten levels, with more in user space at some of them. */
const bent = (moreBytes: (open: number) => number): LegSummary => {
  const levels = Array.from({ length: 10 }, (_, i) => (i + 1) * 1000);
  const samples = climb(5000, { levels }).map((sample) =>
    sample.type !== 'memory' || sample.phase !== 'hold'
      ? sample
      : { ...sample, readings: readingsAt(sample.level, 40_000_000 + 5000 * sample.level + moreBytes(sample.level)) },
  );
  return readOnlyLeg(summarizeSamples(samples, { run: runFile({ plan: { legs: [leg({ levels })], launches: 1 } }) }));
};

test('a step in user space is told, and is in no cost: not in the total, not in a part', () => {
  const { fit, perConnection } = bent((open) => (open > 3000 ? 64 * 2 ** 20 : 0));
  assert.deepEqual(fit!.step, { at: 3500, low: 3000, high: 4000, bytes: 64 * 2 ** 20 });
  assert.deepEqual([fit!.knee, fit!.rSquared], [null, 1]);
  assert.deepEqual(perConnection!.total, exactBytes(5000 + KERNEL_BYTES_EACH));
  assert.deepEqual(perConnection!.user, exactBytes(5000));
  assert.deepEqual([perConnection!.components.heapUsed, perConnection!.components.userOther], [1000, 4000]);
  assert.equal(sumOf(perConnection!.components), perConnection!.total!.bytes);
});

test('past a knee the cost is what one more costs at the top, in every part', () => {
  const { fit, perConnection } = bent((open) => 5000 * Math.max(0, open - 4000));
  const { at, low, high, below, above } = fit!.knee!;
  assert.deepEqual([at, low, high, below.bytes, above.bytes], [4000, 3000, 5000, 8958, 13_958]);
  assert.deepEqual(perConnection!.total, exactBytes(10_000 + KERNEL_BYTES_EACH));
  assert.deepEqual(perConnection!.kernel, exactBytes(KERNEL_BYTES_EACH));
  assert.deepEqual([perConnection!.components.heapUsed, perConnection!.components.userOther], [1000, 9000]);
  assert.equal(sumOf(perConnection!.components), perConnection!.total!.bytes);
});

test('each component of an exact line is exact', () => {
  const { perConnection } = readOnlyLeg(summarizeSamples(climb(5000)));
  const { components, total } = perConnection!;
  assert.equal(components.heapUsed, 1000);
  assert.equal(components.userOther, 4000);
  assert.equal(components.tcpSock, 2500);
  assert.equal(sumOf(components), total!.bytes);
  assert.equal(typeof components.unexplained, 'number');
});

test('counts, rate and latency come from the end of the leg', () => {
  const samples = climb(5000).toSpliced(-1, 1, {
    ...climb(5000).at(-1)!,
    progress: progressOf(0, 3000, { refused: 7 }),
  } as Sample);
  const { attempts, outcomes, open, peakOpen, planned } = readOnlyLeg(summarizeSamples(samples));
  assert.deepEqual([attempts, outcomes.open, outcomes.refused, outcomes.reset], [3007, 3000, 7, 0]);
  assert.deepEqual([peakOpen, planned], [3000, 3000]);
  assert.equal(open.ratePerSecond, 2000);
  assert.ok(Math.abs(open.p50Ms! - 2) < 0.02 && open.p50Ms === open.maxMs);
});

test('a burst is measured above the baseline', () => {
  const burst = memoryPoint('burst', 3000, readingsAt(3000, 40_000_000 + 3000 * 9000));
  const summary = readOnlyLeg(summarizeSamples(climb(5000).toSpliced(-1, 0, burst)));
  assert.deepEqual(summary.burst, {
    open: 3000,
    userBytesPerConnection: 9000,
    kernelBytesPerConnection: KERNEL_BYTES_EACH,
    // 5,000 at rest.
    beyondRestBytes: 4000,
    chargedBeyondRestBytes: null,
  });
  assert.deepEqual(summary.perConnection?.user, exactBytes(5000));
  assert.equal(readOnlyLeg(summarizeSamples(climb(5000))).burst, null);
});

test('levels up to the warm-up are not fitted', () => {
  const plan = { legs: [leg({ warmUp: 500 })], launches: 1 };
  const samples = climb(5000).map((sample) =>
    sample.type === 'memory' && sample.level === 500 ? { ...sample, readings: readingsAt(500, 90_000_000) } : sample,
  );
  assert.deepEqual(
    readOnlyLeg(summarizeSamples(samples, { run: runFile({ plan }) })).perConnection?.user,
    exactBytes(5000),
  );
});

test('two legs are told apart', () => {
  const plan = { legs: [leg({ protocol: 'tcp' }), leg()], launches: 1 };
  const samples = [...climb(3000, { leg: 0, protocol: 'tcp' }), ...climb(7000, { leg: 1, protocol: 'ws' })];
  const { legs } = summarizeSamples(samples, { run: runFile({ plan }) });
  assert.deepEqual(
    legs.map(({ protocol, perConnection }) => [protocol, perConnection?.user?.bytes]),
    [
      ['tcp', 3000],
      ['ws', 7000],
    ],
  );
});

const MISSING: ReadonlyArray<[string, Sample[]]> = [
  ['no sample at all', []],
  ['only ticks', [tick(500, progressOf(120).counts)]],
  ['only a baseline', [memoryPoint('baseline', 0, readingsAt(0, 4e7))]],
  ['a hold without a baseline', [memoryPoint('hold', 500, readingsAt(500, 4e7))]],
  ['a single level', climb(5000, { levels: [3000] })],
  ['two levels', climb(5000, { levels: [1500, 3000] })],
];
for (const [name, samples] of MISSING) {
  test(`with ${name} there is a summary, and no cost is claimed`, () => {
    const { legs, forecast } = summarizeSamples(samples);
    assert.equal(legs.length, samples.length === 0 ? 0 : 1);
    for (const { perConnection, fit } of legs) assert.deepEqual([perConnection, fit], [null, null]);
    assert.deepEqual(forecast, []);
  });
}

test('where the kernel can not be read, the user cost stands and its components sum to it', () => {
  const blind = climb(5000).map((sample) =>
    sample.type === 'memory' ? { ...sample, readings: { ...sample.readings, slab: null, runtime: null } } : sample,
  );
  const { perConnection } = readOnlyLeg(summarizeSamples(blind));
  assert.deepEqual([perConnection?.total, perConnection?.kernel], [null, null]);
  assert.deepEqual(perConnection?.user, exactBytes(5000));
  assert.equal(perConnection?.components.userOther, 5000);
});

test('a target that could not be read has unknown costs, not costs of 0', () => {
  const missing = [{ meter: 'target' as const, why: 'no such process' }];
  const unseen = climb(5000).map((sample) =>
    sample.type === 'memory'
      ? { ...sample, readings: { ...sample.readings, target: null, runtime: null, missing } }
      : sample,
  );
  const summary = summarizeSamples(unseen);
  const { perConnection, baselineBytes, retained } = readOnlyLeg(summary);
  assert.deepEqual(
    [perConnection?.user ?? null, perConnection?.total ?? null, baselineBytes, retained],
    [null, null, null, null],
  );
  assert.deepEqual(summary.warnings, ["target could not be read: no such process; the target's own memory is unknown"]);
});

test('a leg of many hours is summarized', () => {
  const counts = progressOf(400).counts;
  const ticks = Array.from({ length: 300_000 }, () => tick(500, counts));
  const { legs, generator } = summarize(makeRecord([...ticks, ...climb(5000)]));
  assert.equal(legs[0]?.peakOpen, 3000);
  assert.equal(generator.rssBytes, 63_000_000);
});

test('what the memory cgroup is charged stands beside the cost; shared with others it says nothing', () => {
  const withCgroup = (exclusive: boolean): Sample[] =>
    climb(5000).map((sample) =>
      sample.type !== 'memory'
        ? sample
        : {
            ...sample,
            readings: {
              ...sample.readings,
              cgroup: cgroupOf({ currentBytes: 5e7 + 7000 * sample.level, exclusive }),
            },
          },
    );
  const alone = readOnlyLeg(summarizeSamples(withCgroup(true)));
  assert.deepEqual(alone.perConnection?.charged, exactBytes(7000));
  assert.equal(alone.levels[0]?.chargedBytes, 7000 * 500);
  const shared = readOnlyLeg(summarizeSamples(withCgroup(false)));
  assert.deepEqual([shared.perConnection?.charged, shared.levels[0]?.chargedBytes], [null, null]);
});

test('what the kernel killed in the cgroup while the run went on is warned of, leg by leg', () => {
  const killed = (kills: (level: number) => number | null): Summary =>
    summarizeSamples(
      climb(5000).map((sample) =>
        sample.type !== 'memory'
          ? sample
          : { ...sample, readings: { ...sample.readings, cgroup: cgroupOf({ oomKills: kills(sample.level) }) } },
      ),
    );
  const warned = ({ warnings }: Summary): string[] => warnings.filter((text) => /kernel killed/.test(text));
  // The four were before our time.
  assert.deepEqual(warned(killed(() => 4)), []);
  assert.deepEqual(warned(killed(() => null)), []);
  assert.deepEqual(warned(killed((level) => (level >= 2000 ? 5 : 4))), [
    "ws: the kernel killed 1 process for want of memory in the target's cgroup",
  ]);
});

test('several launches: counts are summed, costs are means with an interval over launches', () => {
  const plan = { legs: [leg()], launches: 3 };
  const samples = [4000, 5000, 6000].flatMap((bytesEach, launch) => climb(bytesEach, { launch }));
  const pooled = readOnlyLeg(summarizeSamples(samples, { run: runFile({ plan }) }));
  const single = readOnlyLeg(summarizeSamples(climb(5000)));
  assert.equal(pooled.attempts, 3 * single.attempts);
  assert.equal(pooled.outcomes.open, 3 * single.outcomes.open);
  assert.equal(pooled.perConnection?.user?.bytes, 5000);
  assert.ok(pooled.perConnection!.user!.high > 7000, 'three launches that differ so much');
  assert.deepEqual(
    pooled.levels.map(({ bytes }) => bytes.user),
    single.levels.map(({ bytes }) => bytes.user),
  );
  const { components, total } = pooled.perConnection!;
  const { unexplained: _, ...parts } = components;
  const sum = Object.values(parts).reduce((all: number, one) => all + (one ?? 0), 0);
  assert.ok(Math.abs(sum - total!.bytes) < 1e-6, `${sum} is not ${total!.bytes}`);
  assert.equal(pooled.launches?.count, 3);
  assert.ok(pooled.launches!.coefficientOfVariation! > 0.1);
});
