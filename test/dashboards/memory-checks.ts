/** What queries about the target's memory must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import { USER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { SCHEMES, type SchemeName } from '../../core/protocols/schemes.ts';
import type { MEMORY, POINTS } from '../../dashboards/grafana/queries/run.ts';
import type { Series } from '../support/prometheus.ts';
import { assertAll, assertNear, lastOf, most, only, summed, valuesOf } from './answers.ts';
import { type Check, type ChecksOf, type Facts, legOf, type TickSample, ticksOf } from './facts.ts';
import { type LedgerPart, lineOf } from './line.ts';
import { eachCost, lastPoint, listLegNames, pointsOf } from './per-leg.ts';
import { VERDICT_CHECKS } from './verdict-checks.ts';

/** Each level is there with what the summary says of it, and nothing else. */
const levelsOf =
  (pick: (leg: Facts['summary']['legs'][number], level: number) => number, name: SchemeName): Check =>
  (answer, facts) => {
    if (!listLegNames(facts).includes(name)) return assert.deepEqual(answer, []);
    const leg = legOf(facts, name);
    const seen = [...new Set(valuesOf(only(answer)))].toSorted((a, b) => a - b);
    // Two levels may have come to the same number of pages.
    const wanted = [...new Set(leg.levels.map((_, i) => pick(leg, i)))].toSorted((a, b) => a - b);
    assert.equal(seen.length, wanted.length);
    for (const [i, value] of wanted.entries()) assertNear(seen[i], value, 1e-6, `level ${i}`);
  };

export const POINTS_CHECKS = Object.fromEntries(
  SCHEMES.map((scheme) => {
    const bytes = (part: LedgerPart): Check => levelsOf((leg, i) => leg.levels[i]!.bytes[part]!, scheme);
    const onLine = (leg: Facts['summary']['legs'][number], i: number): number => {
      const { slope, intercept } = lineOf(leg, 'total');
      return intercept + slope * leg.levels[i]!.open;
    };
    return [
      scheme,
      {
        open: levelsOf((leg, i) => leg.levels[i]!.open, scheme),
        total: bytes('total'),
        user: bytes('user'),
        kernel: bytes('kernel'),
        line: levelsOf(onLine, scheme),
      },
    ];
  }),
) as { readonly [S in SchemeName]: ChecksOf<(typeof POINTS)[S]> };

/** How old a sample may be that Prometheus shows: an interval, and one that was missed. */
const SAMPLE_SECONDS = 2;

/** What a series shows was so at some moment before, to within 10 %: between the least and the most of the record's ticks. */
function assertAsInTicks(series: Series, facts: Facts, pick: (tick: TickSample) => number | null, what: string): void {
  const ticks = ticksOf(facts).map((tick) => [facts.startedAt + tick.elapsedMs / 1000, pick(tick)] as const);
  const known = series.points.flatMap(([at, value]): boolean[] => {
    const near = ticks.flatMap(([tickAt, wanted]) =>
      wanted !== null && tickAt > at - SAMPLE_SECONDS && tickAt < at + 0.3 ? [wanted] : [],
    );
    return near.length < 5 ? [] : [value >= 0.9 * Math.min(...near) && value <= 1.1 * Math.max(...near)];
  });
  const right = known.filter((is) => is).length;
  assert.ok(known.length >= 5 && right >= 0.8 * known.length, `${what}: ${right} of ${known.length} moments are right`);
}

export const MEMORY_CHECKS: ChecksOf<typeof MEMORY> = {
  components: (answer, facts) => {
    const names = answer.map(({ labels }) => labels['component']!);
    const wanted = [...USER_COMPONENTS, ...KERNEL_COMPONENTS].filter(
      (name) => legOf(facts, listLegNames(facts)[0]).perConnection!.components[name] !== null,
    );
    assert.deepEqual(names.toSorted(), wanted.toSorted());
    const user = answer.filter(({ labels }) => (USER_COMPONENTS as readonly string[]).includes(labels['component']!));
    assertAsInTicks(summed(user), facts, (tick) => tick.targetBytes, 'user memory');
    const { components } = legOf(facts, listLegNames(facts).at(-1)).perConnection!;
    const top = legOf(facts, listLegNames(facts).at(-1)).peakOpen;
    assertNear(most(only(answer, { component: 'tcpSock' })), components.tcpSock! * top, 0.05, 'sockets at the top');
  },
  unexplained: (answer) => assertAll(answer, (bytes) => Math.abs(bytes) < 4e9, 'unexplained'),
  connections: (answer, facts) => {
    for (const [index, { name, peakOpen }] of facts.summary.legs.entries()) {
      const own = only(answer, { leg: name });
      assert.equal(most(own), peakOpen);
      assertAsInTicks(own, facts, ({ leg, counts }) => (leg === index ? counts.open : null), name);
    }
  },
  cost: eachCost((own, { total }) => {
    const { bytes, low, high } = total!;
    for (const [bound, value] of Object.entries({ estimate: bytes, low, high })) {
      assertNear(lastOf(only(own, { bound })), value, 1e-6, bound);
    }
  }),
  slope: VERDICT_CHECKS.leastSquares,
  process: (answer, facts) => {
    const of = (component: string): Series => only(answer, { component });
    assertAsInTicks(of('anon'), facts, (tick) => tick.targetBytes, 'anonymous');
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
