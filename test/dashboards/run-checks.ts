/** What each query of the dashboard "run" must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { quantileMs } from '../../core/histogram.ts';
import { KERNEL_COMPONENTS } from '../../core/kernel-rows.ts';
import { USER_COMPONENTS } from '../../core/ledger.ts';
import { PROTOCOLS, type ProtocolName } from '../../core/protocols.ts';
import type { MemoryPoint } from '../../core/record.ts';
import type {
  GENERATOR,
  KERNEL,
  LATENCY,
  LIFECYCLE,
  MEMORY,
  POINTS,
  RUNTIME,
  VERDICT,
} from '../../dashboards/grafana/queries/run.ts';
import type { Series } from '../support/prometheus.ts';
import {
  assertAll,
  assertMostlyNear,
  assertNear,
  assertSameBucket,
  lastOf,
  most,
  only,
  summed,
  theValue,
  total,
  valuesOf,
} from './answers.ts';
import { type Check, type ChecksOf, duringRun, type Facts, legOf, phasesOf, progressOf, ticksOf } from './facts.ts';
import { lineOf, type Part, reachOf } from './line.ts';

const protocolsOf = ({ summary }: Facts): ProtocolName[] => summary.legs.map(({ protocol }) => protocol);
const eachLeg =
  (check: (series: Series, leg: Facts['summary']['legs'][number], facts: Facts) => void): Check =>
  (answer, facts) => {
    for (const protocol of protocolsOf(facts)) check(only(answer, { protocol }), legOf(facts, protocol), facts);
  };
/** One value for each leg. */
const ofLeg = (wanted: (leg: Facts['summary']['legs'][number], facts: Facts) => number, share = 1e-6): Check =>
  eachLeg((series, leg, facts) => assertNear(lastOf(series), wanted(leg, facts), share, leg.protocol));
const behaviourOf = ({ run }: Facts): unknown => (run.config['behaviour'] as { kind: string }).kind;
/** Rates are estimates, and what came before the first scrape or after the last isn't in them. */
export const RATES = 0.2;
/** Nothing at all where connections don't do that. */
const whenThey =
  (behaviour: 'echo' | 'heartbeat', check: Check): Check =>
  (answer, facts) => {
    if (behaviourOf(facts) === behaviour) check(answer, facts);
    else assertAll([{ labels: {}, points: [] }, ...answer], (value) => Number.isNaN(value), 'nothing');
  };
const is =
  (value: number): Check =>
  (answer) =>
    assert.equal(theValue(answer), value);
/** Of all that were opened; the summary leaves out what came at once, in the burst. */
const openMs = (facts: Facts, protocol: ProtocolName, q: number): number =>
  quantileMs(progressOf(facts, protocol).openPlanned, q)!;
const pointsOf = ({ samples }: Facts): MemoryPoint[] => samples.filter((sample) => sample.type === 'memory');
const lastPoint = (facts: Facts): MemoryPoint => pointsOf(facts).at(-1)!;
const tcpMem = (): number[] => {
  const pages = readFileSync('/proc/sys/net/ipv4/tcp_mem', 'utf8').trim().split(/\s+/).map(Number);
  return pages.map((count) => count * 4096);
};

export const VERDICT_CHECKS: ChecksOf<typeof VERDICT> = {
  status: (answer, { summary }) => assert.equal(theValue(answer, { status: summary.status }), 1),
  // Asked for in the longest phase, which a scrape that came late may not have seen yet.
  phase: (answer, facts) => {
    const at = duringRun(facts);
    const possible = phasesOf(facts).filter(({ from, to }) => from <= at && to >= at - 3);
    const { protocol, phase } = only(answer).labels;
    assert.ok(
      possible.some((one) => one.protocol === protocol && one.phase === phase),
      `${protocol} ${phase}`,
    );
    assert.equal(theValue(answer), 1);
  },
  timeLeft: (answer) => assert.ok(theValue(answer) > 0),
  peak: ofLeg(({ peakOpen }) => peakOpen),
  planned: ofLeg(({ planned }) => planned),
  failed: ofLeg(({ attempts, outcomes }) => attempts - outcomes.open),
  lost: ofLeg(({ protocol }, facts) => {
    const { closeReasons, counts } = progressOf(facts, protocol);
    return counts.closed - closeReasons['by-us'];
  }),
  cost: ofLeg(({ perConnection }) => perConnection!.total!.bytes),
  costBounds: (answer, facts) => {
    for (const { protocol, perConnection } of facts.summary.legs) {
      assertNear(theValue(answer, { protocol, bound: 'low' }), perConnection!.total!.low, 1e-6, 'low');
      assertNear(theValue(answer, { protocol, bound: 'high' }), perConnection!.total!.high, 1e-6, 'high');
    }
  },
  costParts: (answer, facts) => {
    for (const { protocol, perConnection } of facts.summary.legs) {
      for (const part of ['user', 'kernel'] as const) {
        assertNear(theValue(answer, { protocol, part }), perConnection![part]!.bytes, 1e-6, part);
      }
    }
  },
  leastSquares: eachLeg((series, leg, { run }) => {
    assertNear(lastOf(series), lineOf(leg, 'total').slope, 1e-6, 'the same line by the same levels');
    const { bytes } = leg.perConnection!.total!;
    const off = Math.abs(lastOf(series) - bytes);
    // A target whose garbage nobody collects isn't straight.
    if (run.target.kind === 'builtin') assert.ok(off <= reachOf(leg), `${lastOf(series)}, estimated ${bytes}`);
  }),
  withinLimit: ofLeg((leg, { summary }) => {
    const { slope, intercept } = lineOf(leg, 'total');
    return Math.floor((0.8 * memoryLimitOf(summary) - intercept) / slope);
  }),
  memoryAtPlan: ofLeg((leg) => lineOf(leg, 'total').intercept + lineOf(leg, 'total').slope * leg.planned),
  memoryLimit: (answer, { summary }) => assert.equal(theValue(answer), memoryLimitOf(summary)),
  openMedian: eachLeg((series, { protocol }, facts) =>
    assertSameBucket(lastOf(series), openMs(facts, protocol, 0.5), 'p50'),
  ),
  openTail: eachLeg((series, { protocol }, facts) =>
    assertSameBucket(lastOf(series), openMs(facts, protocol, 0.99), 'p99'),
  ),
  saturated: (answer, { summary }) => assert.equal(theValue(answer), Number(summary.generator.saturated)),
  warnings: (answer, { events }) =>
    assert.equal(theValue(answer), events.filter(({ type }) => type === 'warning').length),
};

const memoryLimitOf = ({ capacity }: Facts['summary']): number => capacity[0]!.memoryLimitBytes;

/** Each level is there with what the summary says of it, and nothing else. */
const levelsOf =
  (pick: (leg: Facts['summary']['legs'][number], level: number) => number, protocol: ProtocolName): Check =>
  (answer, facts) => {
    if (!protocolsOf(facts).includes(protocol)) return assert.deepEqual(answer, []);
    const leg = legOf(facts, protocol);
    const seen = [...new Set(valuesOf(only(answer)))].toSorted((a, b) => a - b);
    const wanted = leg.levels.map((_, i) => pick(leg, i)).toSorted((a, b) => a - b);
    assert.equal(seen.length, wanted.length);
    for (const [i, value] of wanted.entries()) assertNear(seen[i], value, 1e-6, `level ${i}`);
  };

export const POINTS_CHECKS = Object.fromEntries(
  PROTOCOLS.map((protocol) => {
    const bytes = (part: Part): Check => levelsOf((leg, i) => leg.levels[i]!.bytes[part]!, protocol);
    const onLine = (leg: Facts['summary']['legs'][number], i: number): number => {
      const { slope, intercept } = lineOf(leg, 'total');
      return intercept + slope * leg.levels[i]!.open;
    };
    return [
      protocol,
      {
        open: levelsOf((leg, i) => leg.levels[i]!.open, protocol),
        total: bytes('total'),
        user: bytes('user'),
        kernel: bytes('kernel'),
        line: levelsOf(onLine, protocol),
      },
    ];
  }),
) as { readonly [P in ProtocolName]: ChecksOf<(typeof POINTS)[P]> };

/** What a series shows and what the record's nearest tick says, at moments when there is one near by. */
function againstTicks(
  series: Series,
  facts: Facts,
  pick: (tick: ReturnType<typeof ticksOf>[number]) => number | null,
): Array<[number, number]> {
  const ticks = ticksOf(facts);
  return series.points.flatMap(([at, value]): Array<[number, number]> => {
    const nearest = ticks.reduce((best, tick) => (away(tick, at) < away(best, at) ? tick : best));
    const wanted = pick(nearest);
    return away(nearest, at) > 0.5 || wanted === null ? [] : [[value, wanted]];
  });

  function away({ elapsedMs }: ReturnType<typeof ticksOf>[number], at: number): number {
    return Math.abs(facts.startedAt + elapsedMs / 1000 - at);
  }
}

export const MEMORY_CHECKS: ChecksOf<typeof MEMORY> = {
  components: (answer, facts) => {
    const names = answer.map(({ labels }) => labels['component']!);
    const wanted = [...USER_COMPONENTS, ...KERNEL_COMPONENTS].filter(
      (name) => legOf(facts, protocolsOf(facts)[0]).perConnection!.components[name] !== null,
    );
    assert.deepEqual(names.toSorted(), wanted.toSorted());
    const user = answer.filter(({ labels }) => (USER_COMPONENTS as readonly string[]).includes(labels['component']!));
    assertMostlyNear(
      againstTicks(summed(user), facts, (tick) => tick.targetBytes),
      0.1,
      'user memory',
    );
    const { components } = legOf(facts, protocolsOf(facts).at(-1)).perConnection!;
    const top = legOf(facts, protocolsOf(facts).at(-1)).peakOpen;
    assertNear(most(only(answer, { component: 'tcpSock' })), components.tcpSock! * top, 0.05, 'sockets at the top');
  },
  unexplained: (answer) => assertAll(answer, (bytes) => Math.abs(bytes) < 4e9, 'unexplained'),
  connections: (answer, facts) => {
    for (const protocol of protocolsOf(facts)) {
      const own = only(answer, { protocol });
      assert.equal(most(own), legOf(facts, protocol).peakOpen);
      const pairs = againstTicks(own, facts, (tick) => (tick.protocol === protocol ? tick.counts.open : null));
      assertMostlyNear(pairs, 0.1, protocol);
    }
  },
  cost: (answer, facts) => {
    for (const { protocol, perConnection } of facts.summary.legs) {
      const { bytes, low, high } = perConnection!.total!;
      for (const [bound, value] of Object.entries({ estimate: bytes, low, high })) {
        assertNear(lastOf(only(answer, { protocol, bound })), value, 1e-6, bound);
      }
    }
  },
  slope: VERDICT_CHECKS.leastSquares,
  process: (answer, facts) => {
    const of = (component: string): Series => only(answer, { component });
    assertMostlyNear(
      againstTicks(of('anon'), facts, (tick) => tick.targetBytes),
      0.1,
      'anonymous',
    );
    assert.ok(most(of('rss')) > most(of('anon')) && most(of('pss')) > 0 && most(of('page-tables')) > 0);
  },
  cgroup: (answer, facts) => {
    const { cgroup } = lastPoint(facts).readings;
    if (cgroup === null) return assert.deepEqual(answer, []);
    const current = valuesOf(only(answer, { component: 'current' }));
    const read = pointsOf(facts).map(({ readings }) => readings.cgroup?.currentBytes);
    assert.ok(
      current.every((bytes) => read.includes(bytes)),
      'each value is of a reading',
    );
  },
};

export const LIFECYCLE_CHECKS: ChecksOf<typeof LIFECYCLE> = {
  phases: (answer, facts) => {
    // What takes several scrapes can't be missed, and nothing else is there.
    const long = phasesOf(facts).filter(({ from, to }) => to - from > 3);
    for (const { protocol, phase } of long) assertAll([only(answer, { protocol, phase })], (on) => on === 1, phase);
    const walked = new Set(phasesOf(facts).map(({ protocol, phase }) => `${protocol} ${phase}`));
    for (const { labels } of answer) assert.ok(walked.has(`${labels['protocol']} ${labels['phase']}`));
  },
  target: eachLeg((series, { planned, levels }) => {
    assert.equal(most(series), planned);
    assert.ok(levels.some(({ open }) => open < planned && valuesOf(series).includes(open)));
  }),
  open: eachLeg((series, { peakOpen }) => assert.equal(most(series), peakOpen)),
  opening: eachLeg((series, _, { run }) => {
    const { window } = run.config as { window: number };
    assertAll([series], (opening) => opening >= 0 && opening <= window, 'opening');
  }),
  attempts: eachLeg((series, { attempts }) => assertNear(total(series), attempts, RATES, 'attempts')),
  outcomes: (answer, facts) => {
    for (const protocol of protocolsOf(facts)) {
      const { outcomes } = legOf(facts, protocol);
      for (const [outcome, count] of Object.entries(outcomes)) {
        const own = answer.filter(({ labels }) => labels['protocol'] === protocol && labels['outcome'] === outcome);
        assertNear(own[0] ? total(own[0]) : 0, count, RATES, outcome);
      }
    }
  },
  closed: (answer, facts) => {
    for (const protocol of protocolsOf(facts)) {
      const { closeReasons } = progressOf(facts, protocol);
      for (const [reason, count] of Object.entries(closeReasons)) {
        const own = answer.filter(({ labels }) => labels['protocol'] === protocol && labels['reason'] === reason);
        assertNear(own[0] ? total(own[0]) : 0, count, RATES, reason);
      }
    }
  },
  // An upgrade is answered with at least as many bytes, and asked for with more.
  received: eachLeg((series, { protocol, attempts }) =>
    assert.ok(protocol === 'tcp' || total(series) > 100 * attempts),
  ),
  sent: eachLeg((series, { protocol, attempts }) => assert.ok(protocol === 'tcp' || total(series) > 100 * attempts)),
};

/** Buckets add up, and the last one is of all. */
const bucketsOf =
  (wanted: (facts: Facts) => number): Check =>
  (answer, facts) => {
    const byBound = answer
      .map((series) => [Number(series.labels['le']!.replace('+Inf', 'Infinity')), series] as const)
      .sort(([a], [b]) => a - b);
    assert.ok(byBound.length >= 9);
    for (const [i, [, series]] of byBound.entries()) {
      if (i > 0) assert.ok(total(series) >= total(byBound[i - 1]![1]) - 1e-6, 'a bucket holds the smaller ones');
    }
    // An increase over four seconds, taken each second, counts all four times.
    assertNear(total(byBound.at(-1)![1]) / 4, wanted(facts), RATES, 'in all buckets');
  };
const opened = ({ summary }: Facts): number => summary.legs.reduce((sum, { outcomes }) => sum + outcomes.open, 0);
const begun = ({ summary }: Facts): number => summary.legs.reduce((sum, { attempts }) => sum + attempts, 0);
const inSeconds: Check = (answer) => {
  assertAll(answer, (seconds) => Number.isNaN(seconds) || (seconds >= 0 && seconds < 66), 'seconds');
  assert.ok(answer.some((series) => valuesOf(series).some((seconds) => seconds > 0)));
};
const talked = (facts: Facts): number => pointsOf(facts).reduce((sum, { talk }) => sum + (talk?.messages ?? 0), 0);

export const LATENCY_CHECKS: ChecksOf<typeof LATENCY> = {
  open: bucketsOf(opened),
  openMedian: inSeconds,
  openTail: eachLeg((series, { protocol }, facts) => {
    const wholeMs = openMs(facts, protocol, 0.99);
    const quantiles = valuesOf(series).filter((seconds) => !Number.isNaN(seconds));
    // Some moment was at least as bad as the whole.
    assert.ok(Math.max(...quantiles) * 1000 >= wholeMs / 2.02, `${quantiles} s, of all ${wholeMs} ms`);
  }),
  // Messages go on from one level to the next; those of the talk phases are what the record has.
  roundTrip: whenThey('echo', (answer, facts) => {
    const all = answer.find(({ labels }) => labels['le'] === '+Inf');
    assert.ok(all && total(all) / 4 >= 0.8 * talked(facts));
  }),
  roundTripMedian: whenThey('echo', inSeconds),
  roundTripTail: whenThey('echo', inSeconds),
  messages: whenThey('echo', (answer, facts) => assert.ok(total(summed(answer)) >= 0.8 * talked(facts))),
  replies: whenThey('echo', (answer, facts) => {
    for (const fate of ['in-time', 'late', 'lost']) assert.ok(answer.some(({ labels }) => labels['fate'] === fate));
    assert.ok(total(summed(answer)) >= 0.8 * talked(facts));
  }),
  heartbeats: whenThey('heartbeat', (answer, facts) => {
    const { everyMs } = facts.run.config['behaviour'] as { everyMs: number };
    for (const protocol of protocolsOf(facts)) {
      const ticks = ticksOf(facts).filter((tick) => tick.protocol === protocol);
      const heldMs = ticks.reduce((sum, { counts, elapsedMs }, i) => {
        return sum + counts.open * ((ticks[i + 1]?.elapsedMs ?? elapsedMs) - elapsedMs);
      }, 0);
      assertNear(total(only(answer, { protocol })), heldMs / everyMs, 0.4, `heartbeats of ${protocol}`);
    }
  }),
};

export const KERNEL_CHECKS: ChecksOf<typeof KERNEL> = {
  sockets: (answer, facts) => {
    const top = Math.max(...facts.summary.legs.map(({ peakOpen }) => peakOpen));
    assert.ok(most(only(answer, { state: 'inuse' })) >= 2 * top, 'both ends are here');
    assert.ok(most(only(answer, { state: 'alloc' })) >= 2 * top);
    for (const state of ['orphan', 'time-wait']) assertAll([only(answer, { state })], (count) => count >= 0, state);
  },
  buffers: (answer) => assertAll([only(answer)], (bytes) => bytes >= 0 && bytes % 4096 === 0, 'buffers'),
  bufferLimits: (answer) => {
    for (const [i, threshold] of ['low', 'pressure', 'high'].entries()) {
      assertAll([only(answer, { threshold })], (bytes) => bytes === tcpMem()[i], threshold);
    }
  },
  overflows: (answer) => assertAll(answer, (rate) => rate >= 0, 'overflows'),
  drops: (answer) => assertAll(answer, (rate) => rate >= 0, 'drops'),
  rows: (answer, facts) => {
    const leg = legOf(facts, protocolsOf(facts).at(-1));
    for (const component of ['tcpSock', 'socketInode', 'dentry', 'file'] as const) {
      const each = leg.perConnection!.components[component]!;
      assertNear(most(only(answer, { component })), each * leg.peakOpen, 0.05, component);
    }
  },
  rowsEach: (answer, facts) => {
    const { components } = legOf(facts, protocolsOf(facts).at(-1)).perConnection!;
    for (const component of ['tcpSock', 'socketInode', 'dentry', 'file'] as const) {
      const pairs = valuesOf(only(answer, { component })).map((bytes) => [bytes, components[component]!] as const);
      assertMostlyNear(pairs, 0.05, component);
    }
  },
  host: (answer, facts) => {
    const { host } = lastPoint(facts).readings;
    assertAll([only(answer, { part: 'total' })], (bytes) => bytes === host!.totalBytes, 'total');
    assertAll([only(answer, { part: 'limit' })], (bytes) => bytes === host!.limitBytes, 'limit');
    for (const part of ['used', 'available', 'page-tables']) {
      assertAll([only(answer, { part })], (bytes) => bytes > 0 && bytes < host!.totalBytes, part);
    }
  },
};

export const RUNTIME_CHECKS: ChecksOf<typeof RUNTIME> = {
  cpu: (answer, facts) => {
    // Of each leg's target since its baseline, where that is a process of its own.
    const spent = protocolsOf(facts).map((protocol) => {
      const own = pointsOf(facts).filter((point) => point.protocol === protocol);
      return own.at(-1)!.readings.target!.cpuSeconds - own[0]!.readings.target!.cpuSeconds;
    });
    const wanted = spent.reduce((sum, seconds) => sum + seconds, 0);
    assert.ok(total(only(answer)) > 0.5 * wanted && total(only(answer)) < 2 * wanted + 2, `${wanted} s of processor`);
  },
  processes: (answer, facts) => {
    const { pids } = lastPoint(facts).readings.target!;
    assertAll([only(answer)], (count) => count === pids.length, 'processes');
  },
  fds: (answer, facts) => {
    const top = Math.max(...facts.summary.legs.map(({ peakOpen }) => peakOpen));
    assert.ok(most(only(answer)) >= top && most(only(answer)) < top + 200);
  },
  fdsRatio: (answer, facts) => {
    const top = Math.max(...facts.summary.legs.map(({ peakOpen }) => peakOpen));
    assertNear(most(only(answer)), top / facts.run.target.descriptorLimit!, 0.1, 'share of the limit');
  },
};

const isShare = (value: number): boolean => value >= 0 && value < 1.2;

export const GENERATOR_CHECKS: ChecksOf<typeof GENERATOR> = {
  saturated: (answer, { summary }) => assert.equal(lastOf(only(answer)), Number(summary.generator.saturated)),
  lag: bucketsOf(begun),
  lagTail: inSeconds,
  cpu: (answer, { summary }) => {
    assertNear(total(only(answer)), summary.generator.cpuSeconds!, 0.35, 'seconds of processor');
  },
  loop: (answer) => assertAll([only(answer)], isShare, 'busy'),
  gc: (answer) => {
    assertAll([only(answer, { kind: 'minor' }), only(answer, { kind: 'major' })], isShare, 'collecting');
    assert.ok(total(only(answer, { kind: 'major' })) > 0, 'the client collects its own garbage before each reading');
  },
  loopDelay: (answer, { startedAt, finishedAt }) => {
    const all = answer.find(({ labels }) => labels['le'] === '+Inf');
    const looks = total(all!) / 4;
    assert.ok(looks > 5 * (finishedAt - startedAt) && looks < 60 * (finishedAt - startedAt + 20), `${looks} looks`);
  },
  rss: (answer, { summary }) => assertNear(most(only(answer)), summary.generator.rssBytes!, 0.3, 'resident'),
  heapUsed: (answer) => assertAll([only(answer)], (bytes) => bytes > 2e6 && bytes < 1e9, 'heap used'),
  heapTotal: (answer) => assertAll([only(answer)], (bytes) => bytes > 4e6 && bytes < 1e9, 'heap'),
  external: (answer) => assertAll([only(answer)], (bytes) => bytes > 0 && bytes < 1e9, 'external'),
  fds: (answer, facts) => {
    const tables = facts.run.generator.legs.map(({ workers, ownTables }) => (ownTables ? workers : 1));
    const fullest = Math.max(...facts.summary.legs.map(({ peakOpen }, i) => peakOpen / tables[i]!));
    assert.ok(most(only(answer)) >= fullest && most(only(answer)) < fullest + 300);
  },
  fdsLimit: (answer, { run }) =>
    is(run.environment.descriptorLimit!)([{ ...only(answer), points: only(answer).points.slice(-1) }], {} as Facts),
  meters: (answer, facts) => {
    const took = pointsOf(facts).map(({ readings }) => readings.tookMs / 1000);
    assertAll(
      [only(answer)],
      (seconds) => took.some((one) => Math.abs(one - seconds) < 1e-9),
      'of one of the readings',
    );
  },
  scrapes: (answer) => assertAll([only(answer)], isShare, 'answering'),
};
