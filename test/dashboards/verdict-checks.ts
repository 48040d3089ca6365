/** What the queries of the verdict must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import type { VERDICT } from '../../dashboards/grafana/queries/run.ts';
import { assertNear, assertSameBucket, lastOf, only, theValue } from './answers.ts';
import { type ChecksOf, type Facts, findLegProgress, phasesOf } from './facts.ts';
import { lineOf, reachOf } from './line.ts';
import { eachCost, eachLeg, ofLeg, openMs } from './per-leg.ts';

export const VERDICT_CHECKS: ChecksOf<typeof VERDICT> = {
  status: (answer, { summary }) => assert.equal(theValue(answer, { status: summary.status }), 1),
  // It is a moment in the run. A scrape that came late may not have seen the latest phase yet.
  phase: (answer, facts) => {
    const [[at]] = only(answer).points as [readonly [number, number]];
    const possible = phasesOf(facts).filter(({ from, to }) => from <= at && to >= at - 3);
    const { leg, phase } = only(answer).labels;
    assert.ok(
      possible.some((one) => one.leg === leg && one.phase === phase),
      `${leg} ${phase}`,
    );
    assert.equal(theValue(answer), 1);
  },
  timeLeft: (answer) => assert.ok(theValue(answer) > 0),
  peak: ofLeg(({ peakOpen }) => peakOpen),
  planned: ofLeg(({ planned }) => planned),
  failed: ofLeg(({ attempts, outcomes }) => attempts - outcomes.open),
  lost: ofLeg(({ name }, facts) => {
    const { closeReasons, counts } = findLegProgress(facts, name);
    return counts.closed - closeReasons['by-us'];
  }),
  cost: eachCost((own, { total }) => assertNear(lastOf(only(own)), total!.bytes, 1e-6, 'cost')),
  costBounds: eachCost((own, { total }) => {
    assertNear(theValue(own, { bound: 'low' }), total!.low, 1e-6, 'low');
    assertNear(theValue(own, { bound: 'high' }), total!.high, 1e-6, 'high');
  }),
  costParts: eachCost((own, cost) => {
    for (const part of ['user', 'kernel'] as const) {
      assertNear(theValue(own, { part }), cost[part]!.bytes, 1e-6, part);
    }
  }),
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
  openMedian: eachLeg((series, { name }, facts) => assertSameBucket(lastOf(series), openMs(facts, name, 0.5), 'p50')),
  openTail: eachLeg((series, { name }, facts) => assertSameBucket(lastOf(series), openMs(facts, name, 0.99), 'p99')),
  saturated: (answer, { summary }) => assert.equal(theValue(answer), Number(summary.generator.saturated)),
  warnings: (answer, { events }) =>
    assert.equal(theValue(answer), events.filter(({ type }) => type === 'warning').length),
};

/** A run that was late, as it may be on a busy machine, has a limit and no capacity. */
const memoryLimitOf = ({ target }: Facts['summary']): number => target.memoryLimit!.bytes;
