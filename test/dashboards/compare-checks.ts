/** What each query of the comparison must answer: of each run what its own dashboard says of it. */
import assert from 'node:assert/strict';
import { SCHEMES, type SchemeName } from '../../core/protocols/schemes.ts';
import type { COMPARE, COMPARE_POINTS } from '../../dashboards/grafana/queries/compare.ts';
import type { Series } from '../support/prometheus.ts';
import { assertNear, lastOf, most, only, REPORT_DRAWN } from './answers.ts';
import { type Check, type Facts, legOf } from './facts.ts';
import { LATENCY_CHECKS } from './flow-checks.ts';
import { lineOf } from './line.ts';
import { POINTS_CHECKS } from './memory-checks.ts';
import { eachCost } from './per-leg.ts';
import { VERDICT_CHECKS } from './verdict-checks.ts';

type CheckOfRuns = (answer: readonly Series[], runs: readonly Facts[]) => void;
type ChecksOf<G> = { readonly [K in keyof G]: CheckOfRuns };

/** All runs are there, and nothing else; each as the check wants it. */
const each =
  (check: Check): CheckOfRuns =>
  (answer, runs) => {
    const names = new Set(answer.map(({ labels }) => labels['run']));
    assert.deepEqual([...names].toSorted(), runs.map(({ name }) => name).toSorted());
    for (const facts of runs) check(ofRun(answer, facts), facts);
  };
const ofRun = (answer: readonly Series[], { name }: Facts): Series[] =>
  answer.filter(({ labels }) => labels['run'] === name);
const eachLeg = (wanted: (leg: Facts['summary']['legs'][number]) => number, share = 1e-6): CheckOfRuns =>
  each((answer, facts) => {
    assert.equal(answer.length, facts.summary.legs.length);
    for (const leg of facts.summary.legs) {
      assertNear(lastOf(only(answer, { leg: leg.name })), wanted(leg), share, leg.name);
    }
  });

/** Costs: of a run whose legs are inconclusive there are none. */
const costs =
  (check: Check): CheckOfRuns =>
  (answer, runs) => {
    for (const facts of runs) check(ofRun(answer, facts), facts);
    const known = new Set(runs.map(({ name }) => name));
    assert.ok(answer.every(({ labels }) => known.has(labels['run']!)));
  };
const costOf = (part: 'user' | 'kernel'): Check =>
  eachCost((own, cost) => assertNear(lastOf(only(own)), cost[part]!.bytes, 1e-6, part));

export const COMPARE_CHECKS: ChecksOf<typeof COMPARE> = {
  status: each(VERDICT_CHECKS.status),
  cost: costs(VERDICT_CHECKS.cost),
  costBounds: costs(VERDICT_CHECKS.costBounds),
  user: costs(costOf('user')),
  kernel: costs(costOf('kernel')),
  leastSquares: each(VERDICT_CHECKS.leastSquares),
  without: eachLeg((leg) => lineOf(leg, 'total').intercept),
  withinLimit: each(VERDICT_CHECKS.withinLimit),
  peak: eachLeg(({ peakOpen }) => peakOpen),
  failed: each(VERDICT_CHECKS.failed),
  lost: each(VERDICT_CHECKS.lost),
  openMedian: each(VERDICT_CHECKS.openMedian),
  openTail: each(VERDICT_CHECKS.openTail),
  roundTripTail: (answer, runs) => {
    for (const facts of runs) {
      const own = ofRun(answer, facts);
      LATENCY_CHECKS.roundTripTail(own, facts);
    }
  },
  generatorMemory: each((answer, { summary }) =>
    assertNear(lastOf(only(answer)), summary.generator.rssBytes!, REPORT_DRAWN, 'resident'),
  ),
  saturated: each(VERDICT_CHECKS.saturated),
  connections: each((answer, facts) => {
    for (const { name, peakOpen } of facts.summary.legs) assert.equal(most(only(answer, { leg: name })), peakOpen);
  }),
};

export const COMPARE_POINTS_CHECKS = Object.fromEntries(
  SCHEMES.map((scheme) => {
    const those =
      (check: Check): CheckOfRuns =>
      (answer, runs) => {
        const having = runs.filter(({ summary }) => summary.legs.some(({ name }) => name === scheme));
        each(check)(answer, having);
        for (const facts of having) assert.ok(legOf(facts, scheme));
      };
    return [scheme, { open: those(POINTS_CHECKS[scheme].open), memory: those(POINTS_CHECKS[scheme].total) }];
  }),
) as { readonly [S in SchemeName]: ChecksOf<(typeof COMPARE_POINTS)[S]> };
